// The session of this browser. Its refresh token is in a cookie that no script
// can read; an access token is in this tab's memory, and asked for anew after a
// reload. What localStorage has is no secret: that one is signed in, and as
// whom, so that all tabs know it and a page can be shown at once.

import type { AuthApi } from "../api/auth";
import type { TokenSource } from "../api/transport";
import { Failure } from "../domain/failure";
import type { SignedIn, User } from "../domain/types";
import { exclusively } from "./locks";
import { erase, read, write } from "./storage";

/** `public/early.js` looks for it too. */
const KEY = "causerie.session";
/** There while the server has yet to hear that one has signed out. */
const LEAVING = "causerie.leaving";
/** Held by whoever may change the cookie, also by `public/early.js`. */
const COOKIE = "causerie.cookie";
/** The server is told again after this long that one has signed out. */
const AGAIN_MS = 10_000;

interface Mark {
  readonly id: string;
  readonly user: User;
}

export class Session implements TokenSource {
  readonly #auth: AuthApi;
  readonly #listeners = new Set<() => void>();
  /** What this tab shows. Another tab may have changed what is stored a moment ago. */
  #mark = stored();
  #access = "";
  /** All that this session has had: who comes with another one was of another session. */
  #tokens = new Set<string>();
  #left = false;
  #renewing: Promise<string> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(auth: AuthApi) {
    this.#auth = auth;
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === LEAVING && newValue !== null) this.#left = true;
      if (key === KEY || key === null) this.#show(stored());
    });
    window.addEventListener("online", () => void this.#leave());
    // Whoever needs it first finds it on its way.
    if (this.#mark) void this.renew().catch(() => undefined);
    else void this.#leave();
  }

  /** Who is signed in, if anyone. */
  get user(): User | undefined {
    return this.#mark?.user;
  }

  /** Names the session; another one after signing in again. */
  get id(): string {
    return this.#mark?.id ?? "";
  }

  /** Whether the user has ended the last one, here or in another tab. */
  get left(): boolean {
    return this.#left;
  }

  /** No other tab may touch the cookie meanwhile: it would undo what the call sets. */
  begin(signIn: () => Promise<SignedIn>): Promise<void> {
    return exclusively(COOKIE, async () => {
      // With the new cookie nobody could end the old session any more.
      await this.#logout();
      const { sessionId: id, access, user } = await signIn();
      write(KEY, JSON.stringify({ id, user } satisfies Mark));
      this.#show({ id, user }, access);
    });
  }

  /** How the user is called by now, for the page that comes next. */
  know(user: User): void {
    const mark = this.#mark;
    if (mark?.user.id !== user.id || JSON.stringify(mark.user) === JSON.stringify(user)) return;
    this.#mark = { id: mark.id, user };
    if (stored()?.id === mark.id) write(KEY, JSON.stringify(this.#mark));
  }

  /** The server has ended it. */
  end(): void {
    if (stored()?.id === this.id) erase(KEY);
    this.#show(undefined);
  }

  /** Ends it here at once, and on the server as soon as that can be reached. */
  leave(): void {
    write(LEAVING, "");
    this.#left = true;
    this.end();
    void this.#leave();
  }

  /** Called when someone signs in or out, in this tab or another. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async token(): Promise<string> {
    return this.#access || (this.#mark ? this.renew() : "");
  }

  /** Another access token than the one that is spent. All who ask at once share one call. */
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
    return exclusively(COOKIE, async () => {
      // Someone has signed out, or in as another: the cookie is theirs.
      if (!id || id !== this.id || id !== stored()?.id) throw Failure.signedOut();
      try {
        const { sessionId, access } = await this.#auth.refresh();
        // Another session's cookie, which a neighbouring host may have set, is not used.
        if (sessionId !== id) throw Failure.signedOut();
        if (id === this.id) this.#take(access);
        return access;
      } catch (error) {
        if (!isOver(error)) throw error;
        if (id === this.id) this.end();
        throw Failure.signedOut();
      }
    });
  }

  /** Only the server can take the cookie away. While it cannot be reached it is tried again, also by the next page. */
  async #leave(): Promise<void> {
    clearTimeout(this.#again);
    try {
      await exclusively(COOKIE, () => this.#logout());
    } catch {
      this.#again = setTimeout(() => void this.#leave(), AGAIN_MS);
    }
  }

  async #logout(): Promise<void> {
    if (read(LEAVING) === null) return;
    try {
      await this.#auth.logout();
    } catch (error) {
      if (!isOver(error) && !(error instanceof Failure && error.isFinal)) throw error;
    }
    erase(LEAVING);
  }

  #take(access: string): void {
    this.#access = access;
    this.#tokens.add(access);
  }

  #show(mark: Mark | undefined, access = mark?.id === this.id ? this.#access : ""): void {
    if (mark?.id !== this.id) {
      this.#renewing = undefined;
      this.#tokens.clear();
    }
    if (mark) this.#left = false;
    this.#mark = mark;
    this.#take(access);
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the server says that the cookie's session is no more, or that there is none. */
function isOver(error: unknown): boolean {
  return error instanceof Failure && error.code === "unauthenticated";
}

function stored(): Mark | undefined {
  try {
    const mark = JSON.parse(read(KEY) ?? "null") as Partial<Mark> | null;
    return mark?.id && mark.user ? { id: mark.id, user: mark.user } : undefined;
  } catch {
    // Not ours, or cut off; as good as signed out.
    return undefined;
  }
}
