// The life of the connection: a pure machine. Time and chance are given to it.

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 20_000;
/** Until the server has said its own. */
const HEARTBEAT_MS = 20_000;

/**
 * - `connecting`: a stream is being opened.
 * - `catchingUp`: the stream is open and tells what was missed.
 * - `live`: what comes now happens now.
 * - `waiting`: the connection was lost and is tried again at `until`.
 * - `ended`: the session has ended, or the application has stopped it.
 */
export type State =
  | { readonly kind: "connecting" | "catchingUp" | "live" | "ended" }
  | { readonly kind: "waiting"; readonly until: number };

/**
 * - `opened`: `ready` came.
 * - `caughtUp`: `live` came; all that was missed has been told.
 * - `lagging`: `lagging` came.
 * - `heard`: anything came.
 * - `lost`: the stream broke, or could not be opened.
 * - `goodbye`: `goodbye` came.
 * - `deadline`: the deadline has passed.
 * - `nudge`: there is reason to hope, such as a network that came back or a
 *   machine that woke.
 * - `stop`: the session has ended, or the application wants no more.
 */
export type Happening =
  | { readonly kind: "caughtUp" | "lagging" | "heard" | "lost" | "deadline" | "nudge" | "stop" }
  | { readonly kind: "opened"; readonly heartbeatMs: number }
  | { readonly kind: "goodbye"; readonly reconnect: boolean; readonly retryAfterMs: number };

export class Connection {
  #state: State = { kind: "connecting" };
  /** Attempts since a stream was last live. */
  #attempts = 0;
  #heardAt: number;
  #heartbeatMs = HEARTBEAT_MS;

  constructor(now: number) {
    this.#heardAt = now;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * When to say `deadline`: the end of a wait, or when a stream that says
   * nothing has to be thought dead.
   */
  deadline(): number | undefined {
    switch (this.#state.kind) {
      case "waiting":
        return this.#state.until;
      case "ended":
        return undefined;
      default:
        return this.#heardAt + 2 * this.#heartbeatMs;
    }
  }

  /** The one place where the state changes. `chance` is from 0 to 1. */
  on(happening: Happening, now: number, chance: number): State {
    const silent = now - this.#heardAt;
    if (!["lost", "deadline", "nudge", "stop"].includes(happening.kind)) this.#heardAt = now;
    this.#state = this.#next(happening, now, chance, silent);
    return this.#state;
  }

  #next(happening: Happening, now: number, chance: number, silent: number): State {
    const state = this.#state;
    if (state.kind === "ended" || happening.kind === "stop") return { kind: "ended" };
    if (happening.kind === "goodbye") {
      return happening.reconnect ? { kind: "waiting", until: now + happening.retryAfterMs } : { kind: "ended" };
    }
    if (state.kind === "waiting") {
      if (happening.kind !== "deadline" && happening.kind !== "nudge") return state;
      this.#heardAt = now;
      return { kind: "connecting" };
    }
    switch (happening.kind) {
      case "opened":
        this.#heartbeatMs = Math.max(happening.heartbeatMs, 100);
        return state.kind === "connecting" ? { kind: "catchingUp" } : state;
      case "caughtUp":
        this.#attempts = 0;
        return { kind: "live" };
      case "lagging":
        return state.kind === "live" ? { kind: "catchingUp" } : state;
      case "lost":
      case "deadline":
        return { kind: "waiting", until: now + this.#nextDelay(chance) };
      case "nudge":
        // A machine that slept does not know that its stream is dead.
        return silent > 1.5 * this.#heartbeatMs ? { kind: "waiting", until: now } : state;
      default:
        return state;
    }
  }

  /**
   * Full jitter: anything from nothing to a bound that doubles each time, so
   * that clients who lost the same server do not come back together.
   */
  #nextDelay(chance: number): number {
    const bound = Math.min(FIRST_DELAY_MS * 2 ** Math.min(this.#attempts, 16), LONGEST_DELAY_MS);
    this.#attempts += 1;
    return Math.round(bound * Math.min(Math.max(chance, 0), 1));
  }
}
