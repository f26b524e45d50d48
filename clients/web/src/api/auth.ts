// The calls around the cookie that has the session's refresh token. The server
// sets and reads it; no script ever does.

import { createClient } from "@connectrpc/connect";

import { AuthService } from "../gen/causerie/v1/auth_pb";
import type { Access, SignedIn } from "../nouns";
import * as convert from "./convert";
import { failureFrom, raise } from "./failures";
import { openTransport } from "./transport";

/** As in `public/early.js`. */
const REFRESH_TIMEOUT_MS = 8_000;

export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
  readonly email: string;
}

export type AuthApi = ReturnType<typeof authApi>;

export function authApi(origin: string, device: string) {
  const auth = createClient(AuthService, openTransport(origin));
  const asPage = { device, refreshCookie: true };
  const signedIn = (answer: Pick<Awaited<ReturnType<typeof auth.login>>, "session" | "user">): SignedIn => ({
    ...convert.access(answer.session),
    user: convert.user(answer.user),
  });
  return {
    async register(account: NewAccount): Promise<SignedIn> {
      return signedIn(await auth.register({ ...account, ...asPage }).catch(raise));
    },
    async login(login: string, password: string, keepSignedIn: boolean): Promise<SignedIn> {
      return signedIn(await auth.login({ login, password, keepSignedIn, ...asPage }).catch(raise));
    },
    /** An answer that was lost is asked for again at once: after a while the spent token would pass for a copy. */
    async refresh(): Promise<Access> {
      const call = () => auth.refreshSession({}, { timeoutMs: REFRESH_TIMEOUT_MS });
      const again = (error: unknown) => (["deadline", "unavailable"].includes(failureFrom(error).code) ? call() : raise(error));
      return convert.access((await call().catch(again).catch(raise)).session);
    },
    async logout(): Promise<void> {
      await auth.logout({}).catch(raise);
    },
  };
}
