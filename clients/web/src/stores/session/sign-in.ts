// Signing in, and the policy for new accounts.

import { createSignal } from "solid-js";

import { signInApi, type NewAccount } from "../../api/sign-in";
import type { SignUpPolicy } from "../../domain/types";
import type { AppContext } from "./app-context";

/** As the server last sent it. */
const [policy, setPolicy] = createSignal<SignUpPolicy>();

export function createSignIn({ session }: AppContext) {
  const api = signInApi(location.origin, deviceName());
  return {
    /** Who may make an account; undefined until it is known. */
    policy,
    /** Where it cannot be had, the server says so when an account is made. */
    loadPolicy: (): Promise<unknown> => api.getSignUpPolicy().then(setPolicy, () => policy() ?? setPolicy("open")),
    login: (login: string, password: string, keepSignedIn: boolean): Promise<void> =>
      session.signIn(() => api.login(login, password, keepSignedIn)),
    register: (account: NewAccount): Promise<void> => session.signIn(() => api.register(account)),
    recover: (token: string, newPassword: string, keepSignedIn: boolean): Promise<void> =>
      session.signIn(() => api.recover(token, newPassword, keepSignedIn)),
  };
}

/** For the list of sessions: browser and system, as far as they can be told. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent) ? "Edge" : (/(Firefox|Chrome|Safari)\//.exec(agent)?.[1] ?? "Browser");
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(agent)?.[1];
  return system ? `${browser}, ${system}` : browser;
}
