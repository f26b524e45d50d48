// Who is signed in.

import { createSignal } from "solid-js";

import { authApi } from "../api/auth";
import { createApi } from "../api/calls";
import { Session } from "../sync/session";

export type App = ReturnType<typeof createApp>;

export function createApp() {
  // The pages' own: the session's cookie is for no other.
  const { origin } = location;
  const session = new Session(authApi(origin));
  const api = createApi(origin, session);
  const [sessionId, setSessionId] = createSignal(session.id);
  session.onChange(() => setSessionId(session.id));
  return {
    api,
    session,
    /** Empty while nobody is signed in. */
    sessionId,
  };
}
