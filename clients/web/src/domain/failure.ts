// What can go wrong, as the server says it. Plain data like the nouns.

export type FailureCode =
  | "canceled"
  | "deadline"
  | "exhausted"
  | "final"
  | "internal"
  | "unauthenticated"
  | "unavailable";

export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** What texts go by where a field breaks its rule; which one of many does not matter. */
export function fieldReason(field: string): string {
  return `INVALID_${field.replace(/\[.*/, "")}`;
}

export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    readonly code: FailureCode,
    /** The stable reason, such as NOT_MEMBER; empty if there is none. */
    readonly reason: string,
    message: string,
    readonly violations: readonly Violation[] = [],
    readonly retryAfterMs: number | undefined = undefined,
  ) {
    super(message);
  }

  /** What texts for it go by: the reason, or which field broke its rule. */
  get textKey(): string {
    const field = this.reason === "INVALID_FIELDS" ? this.violations[0]?.field : undefined;
    return field === undefined ? this.reason : fieldReason(field);
  }

  /** Whether sending the same again could only fail the same way. */
  get isFinal(): boolean {
    return this.code === "final";
  }

  /** Whether the access token may only be too old. */
  get isTokenExpired(): boolean {
    return this.code === "unauthenticated" && this.reason === "TOKEN_EXPIRED";
  }

  /** Whether the session is over for good. */
  get isSignedOut(): boolean {
    return this.code === "unauthenticated" && !this.isTokenExpired;
  }

  static signedOut(): Failure {
    return new Failure("unauthenticated", "SIGNED_OUT", "Sign in first.");
  }
}
