// grpc-web over fetch, with the caller's access token on every call.

import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { failureFrom } from "./failures";

/** Whoever keeps the session. */
export interface TokenSource {
  /** The access token, asked for if there is none yet; empty if there is no session. */
  token(): Promise<string>;
  /** Another token than this one, which the server found too old. */
  renew(spent: string): Promise<string>;
}

/** A unary call that takes longer is given up; it may be tried again. */
const CALL_TIMEOUT_MS = 15_000;

declare global {
  interface Window {
    /** What `public/early.js` asked for: the first RefreshSession of a page. */
    causerieEarly?: Promise<Response>;
  }
}

/** Calls that need no access token. They set and use the cookie, so they outlive the page that makes them. */
export function openTransport(origin: string): Transport {
  return createGrpcWebTransport({
    baseUrl: origin,
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    fetch: (url, init) => {
      const call = () => answered(url, { ...init, credentials: "same-origin", keepalive: true });
      return takeEarly(url)?.then(own).catch(call) ?? call();
    },
  });
}

/** Whatever sets another cookie makes it an answer to a question of before. */
function takeEarly(url: RequestInfo | URL): Promise<Response> | undefined {
  const early = window.causerieEarly;
  delete window.causerieEarly;
  return String(url).endsWith("/RefreshSession") ? early : undefined;
}

const answered: typeof fetch = (url, init) => fetch(url, init).then(own);

/** What the server refuses, it refuses in the body. Another status is that of something before it, and no verdict. */
function own(answer: Response): Response {
  if (answer.status !== 200) throw new ConnectError(`HTTP ${answer.status}`, Code.Unavailable);
  return answer;
}

export function signedTransport(origin: string, source: TokenSource): Transport {
  return createGrpcWebTransport({
    baseUrl: origin,
    interceptors: [signed(source)],
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    fetch: answered,
  });
}

function signed(source: TokenSource): Interceptor {
  return (next) => async (request) => {
    const token = await source.token();
    if (!token) throw new ConnectError("Sign in first.", Code.Unauthenticated);
    request.header.set("authorization", `Bearer ${token}`);
    try {
      return await next(request);
    } catch (error) {
      // A clock that is wrong here shows as a token that is too old there. A
      // stream is opened anew by whoever keeps it.
      if (request.stream || !failureFrom(error).isTokenExpired) throw error;
      request.header.set("authorization", `Bearer ${await source.renew(token)}`);
      return next(request);
    }
  };
}
