// The calls that need no session.

import { createClient } from "@connectrpc/connect";

import { AuthService } from "../gen/causerie/v1/auth_pb";
import type { SignedIn, Tokens } from "../nouns";
import * as convert from "./convert";
import { failureFrom } from "./failures";
import { openTransport } from "./transport";

export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
  readonly email: string;
}

export type AuthApi = ReturnType<typeof authApi>;

export function authApi(origin: string, device: string) {
  const auth = createClient(AuthService, openTransport(origin));
  const signedIn = (answer: Pick<Awaited<ReturnType<typeof auth.login>>, "session" | "user">): SignedIn => ({
    tokens: convert.tokens(answer.session),
    user: convert.user(answer.user),
  });
  return {
    async register(account: NewAccount): Promise<SignedIn> {
      return signedIn(await auth.register({ ...account, device }).catch(raise));
    },
    async login(login: string, password: string, keepSignedIn: boolean): Promise<SignedIn> {
      return signedIn(await auth.login({ login, password, keepSignedIn, device }).catch(raise));
    },
    async refresh(refreshToken: string): Promise<Tokens> {
      const { session } = await auth.refreshSession({ refreshToken }).catch(raise);
      return convert.tokens(session);
    },
  };
}

function raise(error: unknown): never {
  throw failureFrom(error);
}
