// The session: what passes for the server's word, and what is done with a token.

import { create, toBinary } from "@bufbuild/protobuf";
import { beforeEach, expect, test, vi } from "vitest";

import { authApi, type AuthApi } from "../src/api/auth";
import { signInApi } from "../src/api/sign-in";
import type { Failure } from "../src/domain/failure";
import { RefreshSessionResponseSchema } from "../src/gen/causerie/v1/auth_pb";
import type { SignedIn } from "../src/domain/types";
import { Session } from "../src/sync/session";

const ORIGIN = "https://chat.test";
const calls: string[] = [];
let answers: (() => Response)[] = [];

beforeEach(() => {
  calls.length = 0;
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  vi.stubGlobal("fetch", async (url: string) => {
    calls.push(url.replace(`${ORIGIN}/causerie.v1.`, ""));
    return answers.shift()!();
  });
});

const status = (code: number) => () => new Response("<h1>A proxy's page</h1>", { status: code });
const frame = (flags: number, data: Uint8Array) => [flags, 0, 0, data.length >> 8, data.length & 255, ...data];

function renewed(accessToken: string): Response {
  const message = toBinary(RefreshSessionResponseSchema, create(RefreshSessionResponseSchema, { session: { id: "s", accessToken } }));
  const body = new Uint8Array([...frame(0, message), ...frame(128, new TextEncoder().encode("grpc-status: 0\r\n"))]);
  return new Response(body, { headers: { "content-type": "application/grpc-web+proto" } });
}

const code = (call: Promise<unknown>) => call.then(() => "well", (failure: Failure) => failure.code);

test("what a proxy refuses is no verdict of the server's", async () => {
  const auth = authApi(ORIGIN);
  for (const it of [401, 403, 404, 502]) {
    answers = [status(it), status(it)];
    expect(await code(auth.refresh()), `${it}`).toBe("unavailable");
  }
});

test("a refresh whose answer was lost is asked for once more, at once", async () => {
  answers = [status(504), () => renewed("token")];
  expect(await authApi(ORIGIN).refresh()).toMatchObject({ access: "token" });
  expect(calls).toEqual(["AuthService/RefreshSession", "AuthService/RefreshSession"]);
});

test("what the page asked for before its code came is taken by the first call, if that asks for the same", async () => {
  window.causerieEarly = Promise.resolve(renewed("early"));
  expect(await authApi(ORIGIN).refresh()).toMatchObject({ access: "early" });
  window.causerieEarly = Promise.resolve(status(401)());
  answers = [() => renewed("asked anew")];
  expect(await authApi(ORIGIN).refresh()).toMatchObject({ access: "asked anew" });
  window.causerieEarly = Promise.resolve(renewed("of another cookie"));
  answers = [status(502), () => renewed("of this one")];
  await signInApi(ORIGIN, "test").login("bob", "password", true).catch(() => undefined);
  expect(await authApi(ORIGIN).refresh()).toMatchObject({ access: "of this one" });
});

test("a call of one user's is not repeated with the next one's token", async () => {
  const session = new Session({ refresh: () => Promise.reject(new Error("not asked")) } as unknown as AuthApi);
  const signIn = (name: string) => session.signIn(async () => ({ sessionId: name, access: `${name}'s`, user: { id: name } }) as SignedIn);
  await signIn("ada");
  const token = await session.token();
  await signIn("bob");
  expect(await code(session.renew(token))).toBe("unauthenticated");
  expect(await session.token()).toBe("bob's");
});
