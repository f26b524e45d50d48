// The connection to the server: it reconnects, resumes, and fills gaps. Only the
// leader has one.

import type { Api } from "../api/calls";
import type { Event } from "../api/events";
import { Failure } from "../domain/failure";
import type { RoomChange } from "../domain/types";
import { ReconnectState, type ReconnectInput } from "./reconnect";
import type { Cursor } from "./cursor";
import { readStream } from "./read-stream";
import type { Session } from "./session";
import type { Update } from "./update";

/** A failed token renewal is repeated after this. */
const RENEW_RETRY_MS = 5_000;

export interface StreamConnectionParts {
  readonly api: Api;
  readonly session: Session;
  readonly cursor: Cursor;
  readonly onUpdates: (updates: Update[]) => void;
  /** A stream is open: calls that need its id can be made. */
  readonly onOpen: (connectionId: string) => void;
}

export class StreamConnection {
  readonly #parts: StreamConnectionParts;
  readonly #reconnect = new ReconnectState(Date.now());
  /** The positions of rooms before they are caught up with. */
  readonly #seqBeforeCatchUp = new Map<string, number>();
  #connectionId = "";
  #stateToken: Uint8Array | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stream: AbortController | undefined;
  #wake: (() => void) | undefined;
  #pending: Update[] = [];

  constructor(parts: StreamConnectionParts) {
    this.#parts = parts;
  }

  get live(): boolean {
    return this.#reconnect.state.kind === "live";
  }

  /** Ends when the session does, or after `stop`. */
  async run(): Promise<void> {
    this.#reportState();
    while (this.#reconnect.state.kind !== "ended") {
      if (this.#reconnect.state.kind === "waiting") await new Promise<void>((wake) => (this.#wake = wake));
      else await this.#open();
    }
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.#input({ kind: "stop" });
  }

  retryNow(): void {
    this.#input({ kind: "nudge" });
  }

  #input(input: ReconnectInput): void {
    const before = this.#reconnect.state;
    const after = this.#reconnect.apply(input, Date.now(), Math.random());
    this.#startTimer();
    if (before === after) return;
    if (after.kind === "waiting" || after.kind === "ended") this.#stream?.abort();
    if (after.kind !== "waiting") this.#wake?.();
    this.#reportState();
  }

  #reportState(): void {
    this.#pending.push({ kind: "connection", state: this.#reconnect.state });
    this.#flush();
  }

  #flush(): void {
    const updates = this.#pending;
    this.#pending = [];
    if (updates.length) this.#parts.onUpdates(updates);
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    const deadline = this.#reconnect.deadline();
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#input({ kind: "deadline" }), Math.max(deadline - Date.now(), 0));
  }

  async #open(): Promise<void> {
    const { api, cursor } = this.#parts;
    const stream = (this.#stream = new AbortController());
    this.#startTimer();
    try {
      const onEvents = (events: Event[]) => this.#onEvents(events, stream.signal);
      await readStream(api, { positions: cursor.positions, stateToken: this.#stateToken, signal: stream.signal, onEvents });
      this.#input({ kind: "lost" });
    } catch (error) {
      await this.#onFailure(error);
    } finally {
      this.#connectionId = "";
      stream.abort();
      this.#flush();
    }
  }

  async #onFailure(error: unknown): Promise<void> {
    if (error instanceof Failure && error.isTokenExpired) return this.#renewAndRetry();
    if (error instanceof Failure && error.isSignedOut) return this.#onSignedOut();
    if (!(error instanceof Failure)) console.error(error);
    this.#input({ kind: "lost" });
  }

  async #renewAndRetry(): Promise<void> {
    const { session } = this.#parts;
    const renewed = await session.renew().catch((error: unknown) => error);
    if (renewed instanceof Failure && renewed.isSignedOut) return this.#onSignedOut();
    this.#input({ kind: "lost" });
    if (typeof renewed === "string") this.#input({ kind: "nudge" });
  }

  #onSignedOut(): void {
    // The connection was stopped; by now someone else may be signed in.
    if (this.#reconnect.state.kind === "ended") return;
    this.#input({ kind: "stop" });
    this.#parts.session.end();
  }

  async #onEvents(events: Event[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#input({ kind: "heard" });
    for (const event of events) {
      // The stream may have ended while a gap was filled; the next stream sends the rest.
      if (!signal.aborted) await this.#onEvent(event);
    }
    this.#flush();
  }

  async #onEvent(event: Event): Promise<void> {
    const { cursor } = this.#parts;
    switch (event.kind) {
      case "ready":
        return this.#onReady(event);
      case "change":
        return this.#onChange(event.change);
      case "reset":
      case "roomAdded":
        cursor.begin(event.summary.room);
        this.#pending.push(event);
        return;
      case "roomGone":
        cursor.forget(event.roomId);
        this.#pending.push(event);
        return;
      case "typing":
      case "presence":
      case "choice":
      case "apart":
      case "user":
      case "blockChange":
      case "readMarker":
      case "receipt":
      case "roomPreferences":
        this.#pending.push(event);
        return;
      case "live":
        this.#seqBeforeCatchUp.clear();
        this.#stateToken = event.stateToken;
        return this.#input({ kind: "caughtUp" });
      case "lagging":
        return this.#input({ kind: "lagging" });
      case "heartbeat":
        return this.#checkHeads(event.heads);
      case "tokenExpiring":
        return void this.#renewToken();
      case "goodbye":
        return this.#onGoodbye(event);
    }
  }

  #onReady({ connectionId, heartbeatMs, epoch, me, choice, apart }: Extract<Event, { kind: "ready" }>): void {
    this.#seqBeforeCatchUp.clear();
    this.#connectionId = connectionId;
    this.#pending.push({ kind: "ready", me, choice, epoch });
    if (apart) this.#pending.push({ kind: "apart", userIds: apart });
    this.#input({ kind: "opened", heartbeatMs });
    this.#parts.onOpen(connectionId);
  }

  async #onChange(change: RoomChange): Promise<void> {
    const knownSeq = this.#knownSeq(change.roomId);
    const verdict = this.#parts.cursor.accept(change.roomId, change.afterSeq, change.seq);
    if (verdict === "deliver") this.#pending.push({ kind: "change", change, knownSeq });
    else if (verdict === "gap") await this.#fillGap(change.roomId, change.seq);
  }

  /** The position of a room before it is caught up with; once the stream is live, its current position. */
  #knownSeq(roomId: string): number {
    const at = this.#parts.cursor.position(roomId) ?? 0;
    if (this.live) return at;
    if (!this.#seqBeforeCatchUp.has(roomId)) this.#seqBeforeCatchUp.set(roomId, at);
    return this.#seqBeforeCatchUp.get(roomId) ?? at;
  }

  async #checkHeads(heads: Readonly<Record<string, number>>): Promise<void> {
    for (const [roomId, head] of Object.entries(heads)) await this.#fillGap(roomId, head);
  }

  /** Asks for what is missing. If that fails, the next stream brings it. */
  async #fillGap(roomId: string, head: number): Promise<void> {
    const { api, cursor } = this.#parts;
    const knownSeq = this.#knownSeq(roomId);
    for (;;) {
      const position = cursor.positions.get(roomId);
      if (!position || position.seq >= head) return;
      const at = position.seq;
      const page = await api.syncRoom(roomId, at, position.logId).catch(() => undefined);
      if (!page || page.syncedSeq <= at) return this.#input({ kind: "lost" });
      for (const change of page.changes) {
        if (cursor.accept(roomId, change.afterSeq, change.seq) === "deliver") {
          this.#pending.push({ kind: "change", change, knownSeq });
        }
      }
      // The call must have moved the room's position, or this would not end.
      if ((cursor.position(roomId) ?? 0) <= at) return this.#input({ kind: "lost" });
    }
  }

  /** Repeated as long as this stream is open: without a newer token the server ends it. */
  async #renewToken(connectionId = this.#connectionId): Promise<void> {
    const { api, session } = this.#parts;
    try {
      if (!this.#isOpen(connectionId)) return;
      const token = await session.renew();
      // The stream or the session may have ended meanwhile.
      if (this.#isOpen(connectionId)) await api.renewToken(connectionId, token);
    } catch (error) {
      // If the session is over, the stream ends, and opening the next one tells why.
      if (error instanceof Failure && (error.isFinal || error.isSignedOut)) return;
      setTimeout(() => void this.#renewToken(connectionId), RENEW_RETRY_MS);
    }
  }

  #isOpen(connectionId: string): boolean {
    return connectionId !== "" && connectionId === this.#connectionId && this.#reconnect.state.kind !== "ended";
  }

  async #onGoodbye({ why, reconnect, retryAfterMs }: Extract<Event, { kind: "goodbye" }>): Promise<void> {
    if (why === "revoked") return this.#onSignedOut();
    // The stream goes on with a renewed token.
    if (why === "tokenExpired") return this.#renewAndRetry();
    this.#input({ kind: "goodbye", reconnect, retryAfterMs });
  }
}
