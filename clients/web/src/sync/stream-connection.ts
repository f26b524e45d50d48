// One connection that keeps itself: it reconnects, resumes and heals. Only the
// tab that leads has one.

import type { Api } from "../api/calls";
import type { Event } from "../api/events";
import { Failure } from "../domain/failure";
import type { RoomChange } from "../domain/types";
import { Connection, type Happening } from "./reconnect";
import type { Cursor } from "./cursor";
import { read } from "./read-stream";
import type { Session } from "./session";
import type { Update } from "./update";

/** A token that could not be renewed is tried again after this. */
const RENEW_AGAIN_MS = 5_000;

export interface KeeperParts {
  readonly api: Api;
  readonly session: Session;
  readonly cursor: Cursor;
  readonly emit: (updates: Update[]) => void;
  /** A stream is open: what it has to be told can be told. */
  readonly opened: (connectionId: string) => void;
}

export class Keeper {
  readonly #parts: KeeperParts;
  readonly #connection = new Connection(Date.now());
  /** Where the rooms that are caught up with were before. */
  readonly #beganAt = new Map<string, number>();
  #connectionId = "";
  #stateToken: Uint8Array | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stream: AbortController | undefined;
  #wake: (() => void) | undefined;
  #pending: Update[] = [];

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  get live(): boolean {
    return this.#connection.state.kind === "live";
  }

  /** Ends when the session does, or after `stop`. */
  async run(): Promise<void> {
    this.#tellState();
    while (this.#connection.state.kind !== "ended") {
      if (this.#connection.state.kind === "waiting") await new Promise<void>((wake) => (this.#wake = wake));
      else await this.#open();
    }
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.#on({ kind: "stop" });
  }

  nudge(): void {
    this.#on({ kind: "nudge" });
  }

  #on(happening: Happening): void {
    const before = this.#connection.state;
    const after = this.#connection.on(happening, Date.now(), Math.random());
    this.#arm();
    if (before === after) return;
    if (after.kind === "waiting" || after.kind === "ended") this.#stream?.abort();
    if (after.kind !== "waiting") this.#wake?.();
    this.#tellState();
  }

  #tellState(): void {
    this.#pending.push({ kind: "connection", state: this.#connection.state });
    this.#flush();
  }

  #flush(): void {
    const updates = this.#pending;
    this.#pending = [];
    if (updates.length) this.#parts.emit(updates);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const deadline = this.#connection.deadline();
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#on({ kind: "deadline" }), Math.max(deadline - Date.now(), 0));
  }

  async #open(): Promise<void> {
    const { api, cursor } = this.#parts;
    const stream = (this.#stream = new AbortController());
    this.#arm();
    try {
      const take = (events: Event[]) => this.#take(events, stream.signal);
      await read(api, { positions: cursor.positions, stateToken: this.#stateToken, signal: stream.signal, take });
      this.#on({ kind: "lost" });
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.#connectionId = "";
      stream.abort();
      this.#flush();
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (error instanceof Failure && error.isTokenExpired) return this.#renewAndRetry();
    if (error instanceof Failure && error.isSignedOut) return this.#signedOut();
    if (!(error instanceof Failure)) console.error(error);
    this.#on({ kind: "lost" });
  }

  async #renewAndRetry(): Promise<void> {
    const { session } = this.#parts;
    const renewed = await session.renew().catch((error: unknown) => error);
    if (renewed instanceof Failure && renewed.isSignedOut) return this.#signedOut();
    this.#on({ kind: "lost" });
    if (typeof renewed === "string") this.#on({ kind: "nudge" });
  }

  #signedOut(): void {
    // Stopped before; whoever is signed in by now is someone else.
    if (this.#connection.state.kind === "ended") return;
    this.#on({ kind: "stop" });
    this.#parts.session.end();
  }

  async #take(events: Event[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#on({ kind: "heard" });
    for (const event of events) {
      // While a gap was healed the stream may have ended: the next one tells the rest, after what it resumes from.
      if (!signal.aborted) await this.#event(event);
    }
    this.#flush();
  }

  async #event(event: Event): Promise<void> {
    const { cursor } = this.#parts;
    switch (event.kind) {
      case "ready":
        return this.#ready(event);
      case "change":
        return this.#change(event.change);
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
        this.#beganAt.clear();
        this.#stateToken = event.stateToken;
        return this.#on({ kind: "caughtUp" });
      case "lagging":
        return this.#on({ kind: "lagging" });
      case "heartbeat":
        return this.#checkHeads(event.heads);
      case "tokenExpiring":
        return void this.#renewToken();
      case "goodbye":
        return this.#goodbye(event);
    }
  }

  #ready({ connectionId, heartbeatMs, epoch, me, choice, apart }: Extract<Event, { kind: "ready" }>): void {
    this.#beganAt.clear();
    this.#connectionId = connectionId;
    this.#pending.push({ kind: "ready", me, choice, epoch });
    if (apart) this.#pending.push({ kind: "apart", userIds: apart });
    this.#on({ kind: "opened", heartbeatMs });
    this.#parts.opened(connectionId);
  }

  async #change(change: RoomChange): Promise<void> {
    const knownSeq = this.#known(change.roomId);
    const verdict = this.#parts.cursor.accept(change.roomId, change.afterSeq, change.seq);
    if (verdict === "deliver") this.#pending.push({ kind: "change", change, knownSeq });
    else if (verdict === "gap") await this.#heal(change.roomId, change.seq);
  }

  /** The position of a room before it is caught up with; once the stream is live, the one that it has. */
  #known(roomId: string): number {
    const at = this.#parts.cursor.position(roomId) ?? 0;
    if (this.live) return at;
    if (!this.#beganAt.has(roomId)) this.#beganAt.set(roomId, at);
    return this.#beganAt.get(roomId) ?? at;
  }

  async #checkHeads(heads: Readonly<Record<string, number>>): Promise<void> {
    for (const [roomId, head] of Object.entries(heads)) await this.#heal(roomId, head);
  }

  /** Asks for what is missing. If that fails, the next stream brings it. */
  async #heal(roomId: string, head: number): Promise<void> {
    const { api, cursor } = this.#parts;
    const knownSeq = this.#known(roomId);
    for (;;) {
      const position = cursor.positions.get(roomId);
      if (!position || position.seq >= head) return;
      const at = position.seq;
      const missed = await api.syncRoom(roomId, at, position.logId).catch(() => undefined);
      if (!missed || missed.syncedSeq <= at) return this.#on({ kind: "lost" });
      for (const change of missed.changes) {
        if (cursor.accept(roomId, change.afterSeq, change.seq) === "deliver") {
          this.#pending.push({ kind: "change", change, knownSeq });
        }
      }
      // Whatever the changes told, the room is known up to here now.
      if ((cursor.position(roomId) ?? 0) <= at) return this.#on({ kind: "lost" });
    }
  }

  /** Tried as long as there is this stream: without a newer token it ends. */
  async #renewToken(connectionId = this.#connectionId): Promise<void> {
    const { api, session } = this.#parts;
    try {
      if (!this.#isOpen(connectionId)) return;
      const token = await session.renew();
      // Meanwhile it may have ended, or the session with it.
      if (this.#isOpen(connectionId)) await api.renewToken(connectionId, token);
    } catch (error) {
      // If the session is over the stream will end, and opening the next one shows why.
      if (error instanceof Failure && (error.isFinal || error.isSignedOut)) return;
      setTimeout(() => void this.#renewToken(connectionId), RENEW_AGAIN_MS);
    }
  }

  #isOpen(connectionId: string): boolean {
    return connectionId !== "" && connectionId === this.#connectionId && this.#connection.state.kind !== "ended";
  }

  async #goodbye({ why, reconnect, retryAfterMs }: Extract<Event, { kind: "goodbye" }>): Promise<void> {
    if (why === "revoked") return this.#signedOut();
    // An expired token is no end as long as it can be renewed.
    if (why === "tokenExpired") return this.#renewAndRetry();
    this.#on({ kind: "goodbye", reconnect, retryAfterMs });
  }
}
