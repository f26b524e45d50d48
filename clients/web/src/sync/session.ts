// The session of this browser: where its tokens are kept, and how they are
// renewed. Tabs share it. Nothing else touches the tokens.

import type { AuthApi } from "../api/auth";
import type { TokenSource } from "../api/transport";
import { Failure } from "../failure";
import type { SignedIn, Tokens, User } from "../nouns";
import { exclusively } from "./locks";

const KEY = "causerie.session";

interface Stored {
  readonly tokens: Tokens;
  readonly user: User;
}

export class Session implements TokenSource {
  readonly #auth: AuthApi;
  readonly #listeners = new Set<() => void>();

  constructor(auth: AuthApi) {
    this.#auth = auth;
    window.addEventListener("storage", ({ key }) => {
      if (key === KEY || key === null) this.#tell();
    });
  }

  /** Who is signed in, if anyone. */
  get user(): User | undefined {
    return this.#stored()?.user;
  }

  /** Names the session; another one after signing in again. */
  get id(): string {
    return this.#stored()?.tokens.id ?? "";
  }

  begin({ tokens, user }: SignedIn): void {
    this.#store({ tokens, user });
    this.#tell();
  }

  end(): void {
    localStorage.removeItem(KEY);
    this.#tell();
  }

  /** Called when someone signs in or out, in this tab or another. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  token(): Promise<string> {
    return Promise.resolve(this.#stored()?.tokens.access ?? "");
  }

  /**
   * A refresh token works once, so only one tab at a time may use it; whoever
   * comes second finds a newer access token and takes that.
   */
  renew(spent: string): Promise<string> {
    return exclusively("causerie.renew", async () => {
      const stored = this.#stored();
      if (!stored) throw Failure.signedOut();
      if (stored.tokens.access !== spent) return stored.tokens.access;
      try {
        const tokens = await this.#auth.refresh(stored.tokens.refresh);
        // Whoever signed out meanwhile stays signed out.
        if (this.id === stored.tokens.id) this.#store({ ...stored, tokens });
        return tokens.access;
      } catch (error) {
        if (error instanceof Failure && error.code === "unauthenticated" && this.id === stored.tokens.id) this.end();
        throw error;
      }
    });
  }

  #stored(): Stored | undefined {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? "null") ?? undefined;
    } catch {
      // Not ours, or cut off; as good as signed out.
      return undefined;
    }
  }

  #store(stored: Stored): void {
    localStorage.setItem(KEY, JSON.stringify(stored));
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
