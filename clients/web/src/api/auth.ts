// The calls around the cookie that has the session's refresh token. The server
// sets and reads it; no script ever does.

import { createClient } from "@connectrpc/connect";

import { AuthService } from "../gen/causerie/v1/auth_pb";
import type { Access } from "../domain/types";
import * as convert from "./convert";
import { failureFrom, raise } from "./failures";
import { openTransport } from "./transport";

/** As in `public/early.js`. */
const REFRESH_TIMEOUT_MS = 8_000;

export type AuthApi = ReturnType<typeof authApi>;

export function authApi(origin: string) {
  const auth = createClient(AuthService, openTransport(origin));
  return {
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
