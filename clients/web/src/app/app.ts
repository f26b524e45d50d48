// Puts together what a page has before anybody is signed in.

import { createSignal } from "solid-js";

import { authApi } from "../api/auth";
import { createApi } from "../api/calls";
import type { AppContext } from "../stores/session/app-context";
import { Session } from "../sync/session";

export function createApp(): AppContext {
  // The pages' own: the session's cookie is for no other.
  const { origin } = location;
  const session = new Session(authApi(origin));
  const api = createApi(origin, session);
  const [sessionId, setSessionId] = createSignal(session.id);
  session.onChange(() => setSessionId(session.id));
  return { api, session, sessionId };
}
