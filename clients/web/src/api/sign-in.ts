// The calls that begin a session, and what is asked before. Only pages for
// those who are not signed in need them.

import { createClient } from "@connectrpc/connect";

import { AuthService, SignUpPolicy as WirePolicy } from "../gen/causerie/v1/auth_pb";
import { ServerService } from "../gen/causerie/v1/server_pb";
import type { SignedIn, SignUpPolicy } from "../domain/types";
import * as convert from "./convert";
import { raise } from "./failures";
import { withKey } from "./idempotency";
import { openTransport } from "./transport";

export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
  readonly email: string;
  /** Of an invite to a room, which the new account then joins; empty without one. */
  readonly inviteCode: string;
}

export function signInApi(origin: string, device: string) {
  const transport = openTransport(origin);
  const auth = createClient(AuthService, transport);
  const server = createClient(ServerService, transport);
  const asPage = { device, refreshCookie: true };
  const signedIn = (answer: Pick<Awaited<ReturnType<typeof auth.login>>, "session" | "user">): SignedIn => ({
    ...convert.access(answer.session),
    user: convert.user(answer.user),
  });
  return {
    async getSignUpPolicy(): Promise<SignUpPolicy> {
      return policyFrom((await server.getServerInfo({}).catch(raise)).signUpPolicy);
    },
    async register(account: NewAccount): Promise<SignedIn> {
      const register = (idempotencyKey: string) => auth.register({ ...account, ...asPage, idempotencyKey }).catch(raise);
      return signedIn(await withKey(["register", account], register));
    },
    async login(login: string, password: string, keepSignedIn: boolean): Promise<SignedIn> {
      return signedIn(await auth.login({ login, password, keepSignedIn, ...asPage }).catch(raise));
    },
    /** Sets a new password by the token of a recovery link. */
    async recover(token: string, newPassword: string, keepSignedIn: boolean): Promise<SignedIn> {
      return signedIn(await auth.recoverAccount({ token, newPassword, keepSignedIn, ...asPage }).catch(raise));
    },
  };
}

/** One that is not known here is left to the server to say. */
function policyFrom(wire: WirePolicy): SignUpPolicy {
  if (wire === WirePolicy.CLOSED) return "closed";
  return wire === WirePolicy.INVITE ? "invite" : "open";
}
