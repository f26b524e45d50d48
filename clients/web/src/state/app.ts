// Who is signed in, and the way there.

import { createSignal } from "solid-js";

import { authApi, type NewAccount } from "../api/auth";
import { createApi } from "../api/calls";
import { Session } from "../sync/session";

export type App = ReturnType<typeof createApp>;

export function createApp() {
  // The pages' own: the session's cookie is for no other.
  const { origin } = location;
  const auth = authApi(origin, deviceName());
  const session = new Session(auth);
  const api = createApi(origin, session);
  const [sessionId, setSessionId] = createSignal(session.id);
  session.onChange(() => setSessionId(session.id));
  return {
    api,
    session,
    /** Empty while nobody is signed in. */
    sessionId,
    login: (login: string, password: string, keepSignedIn: boolean): Promise<void> =>
      session.begin(() => auth.login(login, password, keepSignedIn)),
    register: (account: NewAccount): Promise<void> => session.begin(() => auth.register(account)),
  };
}

/** For the list of sessions: browser and system, as far as they can be told. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent) ? "Edge" : (/(Firefox|Chrome|Safari)\//.exec(agent)?.[1] ?? "Browser");
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(agent)?.[1];
  return system ? `${browser}, ${system}` : browser;
}
