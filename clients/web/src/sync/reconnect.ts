// The states of the connection: a pure state machine. Time and jitter are parameters.

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 20_000;
/** Used until the server has sent its own. */
const DEFAULT_HEARTBEAT_MS = 20_000;

/**
 * - `connecting`: a stream is being opened.
 * - `catchingUp`: the stream is open and sends what was missed.
 * - `live`: events arrive as they happen.
 * - `waiting`: the connection was lost and is tried again at `until`.
 * - `ended`: the session has ended, or the application has stopped it.
 */
export type ConnectionState =
  | { readonly kind: "connecting" | "catchingUp" | "live" | "ended" }
  | { readonly kind: "waiting"; readonly until: number };

/**
 * - `opened`: `ready` came.
 * - `caughtUp`: `live` came; all that was missed has been sent.
 * - `lagging`: `lagging` came.
 * - `heard`: anything came.
 * - `lost`: the stream broke, or could not be opened.
 * - `goodbye`: `goodbye` came.
 * - `deadline`: the deadline has passed.
 * - `nudge`: a retry may succeed now, because the network came back or the machine
 *   woke up.
 * - `stop`: the session has ended, or the application wants no more.
 */
export type ReconnectInput =
  | { readonly kind: "caughtUp" | "lagging" | "heard" | "lost" | "deadline" | "nudge" | "stop" }
  | { readonly kind: "opened"; readonly heartbeatMs: number }
  | { readonly kind: "goodbye"; readonly reconnect: boolean; readonly retryAfterMs: number };

export class ReconnectState {
  #state: ConnectionState = { kind: "connecting" };
  /** Attempts since a stream was last live. */
  #attempts = 0;
  #lastReceivedAt: number;
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;

  constructor(now: number) {
    this.#lastReceivedAt = now;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /**
   * When to apply `deadline`: at the end of a wait, or when a silent stream counts
   * as dead.
   */
  deadline(): number | undefined {
    switch (this.#state.kind) {
      case "waiting":
        return this.#state.until;
      case "ended":
        return undefined;
      default:
        return this.#lastReceivedAt + 2 * this.#heartbeatMs;
    }
  }

  /** The only place where the state changes. `jitter` is from 0 to 1. */
  apply(input: ReconnectInput, now: number, jitter: number): ConnectionState {
    const silentMs = now - this.#lastReceivedAt;
    if (!["lost", "deadline", "nudge", "stop"].includes(input.kind)) this.#lastReceivedAt = now;
    this.#state = this.#next(input, now, jitter, silentMs);
    return this.#state;
  }

  #next(input: ReconnectInput, now: number, jitter: number, silentMs: number): ConnectionState {
    const state = this.#state;
    if (state.kind === "ended" || input.kind === "stop") return { kind: "ended" };
    if (input.kind === "goodbye") {
      return input.reconnect ? { kind: "waiting", until: now + input.retryAfterMs } : { kind: "ended" };
    }
    if (state.kind === "waiting") {
      if (input.kind !== "deadline" && input.kind !== "nudge") return state;
      this.#lastReceivedAt = now;
      return { kind: "connecting" };
    }
    switch (input.kind) {
      case "opened":
        this.#heartbeatMs = Math.max(input.heartbeatMs, 100);
        return state.kind === "connecting" ? { kind: "catchingUp" } : state;
      case "caughtUp":
        this.#attempts = 0;
        return { kind: "live" };
      case "lagging":
        return state.kind === "live" ? { kind: "catchingUp" } : state;
      case "lost":
      case "deadline":
        return { kind: "waiting", until: now + this.#nextDelay(jitter) };
      case "nudge":
        // A machine that slept does not know that its stream is dead.
        return silentMs > 1.5 * this.#heartbeatMs ? { kind: "waiting", until: now } : state;
      default:
        return state;
    }
  }

  /**
   * Exponential back-off with full jitter, so that clients who lost the same server
   * do not all reconnect at once.
   */
  #nextDelay(jitter: number): number {
    const bound = Math.min(FIRST_DELAY_MS * 2 ** Math.min(this.#attempts, 16), MAX_DELAY_MS);
    this.#attempts += 1;
    return Math.round(bound * Math.min(Math.max(jitter, 0), 1));
  }
}
