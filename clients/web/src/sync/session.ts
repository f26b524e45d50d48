// The session of this browser. Its refresh token is in a cookie that no script
// can read. The access token is in this tab's memory and requested again after a
// reload. localStorage has no secret: only that a user is signed in, and which one,
// so that all tabs know it and a page can be shown at once.

import type { AuthApi } from "../api/auth";
import type { TokenSource } from "../api/transport";
import { Failure } from "../domain/failure";
import type { SignedIn, User } from "../domain/types";
import { withLock } from "./locks";
import { erase, read, write } from "./storage";

/** `public/early.js` looks for it too. */
const SESSION_KEY = "causerie.session";
/** Set from signing out until the server has acknowledged it. */
const SIGNING_OUT_KEY = "causerie.leaving";
/** The holder of this lock may change the cookie; `public/early.js` takes it too. */
const COOKIE_LOCK = "causerie.cookie";
/** A failed logout is repeated after this. */
const LOGOUT_RETRY_MS = 10_000;

interface StoredSession {
  readonly id: string;
  readonly user: User;
}

export class Session implements TokenSource {
  readonly #auth: AuthApi;
  readonly #listeners = new Set<() => void>();
  /** The session that this tab shows. Another tab may just have changed the stored one. */
  #stored = readStored();
  #access = "";
  /** All access tokens of this session. A caller with another one belongs to another session. */
  #tokens = new Set<string>();
  #hasSignedOut = false;
  #renewing: Promise<string> | undefined;
  #logoutTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(auth: AuthApi) {
    this.#auth = auth;
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === SIGNING_OUT_KEY && newValue !== null) this.#hasSignedOut = true;
      if (key === SESSION_KEY || key === null) this.#show(readStored());
    });
    window.addEventListener("online", () => void this.#retryLogout());
    // The first call then need not wait for it as long.
    if (this.#stored) void this.renew().catch(() => undefined);
    else void this.#retryLogout();
  }

  /** Who is signed in, if anyone. */
  get user(): User | undefined {
    return this.#stored?.user;
  }

  /** Names the session; another one after signing in again. */
  get id(): string {
    return this.#stored?.id ?? "";
  }

  /** Whether the user has ended the last one, here or in another tab. */
  get hasSignedOut(): boolean {
    return this.#hasSignedOut;
  }

  /** Signs in. No other tab may change the cookie meanwhile: it would undo what the call sets. */
  signIn(signIn: () => Promise<SignedIn>): Promise<void> {
    return withLock(COOKIE_LOCK, async () => {
      // Once the cookie is replaced, the old session could not be ended any more.
      await this.#logout();
      const { sessionId: id, access, user } = await signIn();
      write(SESSION_KEY, JSON.stringify({ id, user } satisfies StoredSession));
      this.#show({ id, user }, access);
    });
  }

  /** Stores the user's current profile for the next page. */
  updateUser(user: User): void {
    const session = this.#stored;
    if (session?.user.id !== user.id || JSON.stringify(session.user) === JSON.stringify(user)) return;
    this.#stored = { id: session.id, user };
    if (readStored()?.id === session.id) write(SESSION_KEY, JSON.stringify(this.#stored));
  }

  /** The server has ended it. */
  end(): void {
    if (readStored()?.id === this.id) erase(SESSION_KEY);
    this.#show(undefined);
  }

  /** Ends it here at once, and on the server as soon as that can be reached. */
  signOut(): void {
    write(SIGNING_OUT_KEY, "");
    this.#hasSignedOut = true;
    this.end();
    void this.#retryLogout();
  }

  /** Called when someone signs in or out, in this tab or another. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async token(): Promise<string> {
    return this.#access || (this.#stored ? this.renew() : "");
  }

  /** Returns another access token than the spent one. Concurrent callers share one call. */
  async renew(spent = this.#access): Promise<string> {
    if (spent && !this.#tokens.has(spent)) throw Failure.signedOut();
    if (this.#access !== spent) return this.#access;
    const renewing = (this.#renewing ??= this.#renew(this.id));
    try {
      return await renewing;
    } finally {
      if (this.#renewing === renewing) this.#renewing = undefined;
    }
  }

  #renew(id: string): Promise<string> {
    return withLock(COOKIE_LOCK, async () => {
      // The user has signed out, or another one has signed in: the cookie is not this session's.
      if (!id || id !== this.id || id !== readStored()?.id) throw Failure.signedOut();
      try {
        const { sessionId, access } = await this.#auth.refresh();
        // Another session's cookie, which a neighbouring host may have set, is not used.
        if (sessionId !== id) throw Failure.signedOut();
        if (id === this.id) this.#setToken(access);
        return access;
      } catch (error) {
        if (!isSessionOver(error)) throw error;
        if (id === this.id) this.end();
        throw Failure.signedOut();
      }
    });
  }

  /** Only the server can take the cookie away. While it cannot be reached it is tried again, also by the next page. */
  async #retryLogout(): Promise<void> {
    clearTimeout(this.#logoutTimer);
    try {
      await withLock(COOKIE_LOCK, () => this.#logout());
    } catch {
      this.#logoutTimer = setTimeout(() => void this.#retryLogout(), LOGOUT_RETRY_MS);
    }
  }

  async #logout(): Promise<void> {
    if (read(SIGNING_OUT_KEY) === null) return;
    try {
      await this.#auth.logout();
    } catch (error) {
      if (!isSessionOver(error) && !(error instanceof Failure && error.isFinal)) throw error;
    }
    erase(SIGNING_OUT_KEY);
  }

  #setToken(access: string): void {
    this.#access = access;
    this.#tokens.add(access);
  }

  #show(session: StoredSession | undefined, access = session?.id === this.id ? this.#access : ""): void {
    if (session?.id !== this.id) {
      this.#renewing = undefined;
      this.#tokens.clear();
    }
    if (session) this.#hasSignedOut = false;
    this.#stored = session;
    this.#setToken(access);
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the server says that the cookie's session is no more, or that there is none. */
function isSessionOver(error: unknown): boolean {
  return error instanceof Failure && error.code === "unauthenticated";
}

function readStored(): StoredSession | undefined {
  try {
    const session = JSON.parse(read(SESSION_KEY) ?? "null") as Partial<StoredSession> | null;
    return session?.id && session.user ? { id: session.id, user: session.user } : undefined;
  } catch {
    // The value is not valid: treat it as signed out.
    return undefined;
  }
}
