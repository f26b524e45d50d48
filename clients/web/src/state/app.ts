// Who is signed in, and the way there.

import { createSignal } from "solid-js";

import { authApi, type NewAccount } from "../api/auth";
import { createApi } from "../api/calls";
import { Session } from "../sync/session";

/** The pages' own origin, unless the build says otherwise. */
const ORIGIN = (import.meta.env["VITE_CAUSERIE_ORIGIN"] as string | undefined) ?? location.origin;

export type App = ReturnType<typeof createApp>;

export function createApp() {
  const auth = authApi(ORIGIN, deviceName());
  const session = new Session(auth);
  const api = createApi(ORIGIN, session);
  const [sessionId, setSessionId] = createSignal(session.id);
  session.onChange(() => setSessionId(session.id));
  return {
    api,
    session,
    /** Empty while nobody is signed in. */
    sessionId,
    async login(login: string, password: string, keepSignedIn: boolean): Promise<void> {
      session.begin(await auth.login(login, password, keepSignedIn));
    },
    async register(account: NewAccount): Promise<void> {
      session.begin(await auth.register(account));
    },
    /** Ends the session here at once, and on the server if it can be reached. */
    async logout(): Promise<void> {
      await Promise.race([api.logout().catch(() => undefined), new Promise((done) => setTimeout(done, 2_000))]);
      session.end();
    },
  };
}

/** For the list of sessions: browser and system, as far as they can be told. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent) ? "Edge" : (/(Firefox|Chrome|Safari)\//.exec(agent)?.[1] ?? "Browser");
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(agent)?.[1];
  return system ? `${browser}, ${system}` : browser;
}
