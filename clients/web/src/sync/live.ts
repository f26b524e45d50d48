// The live side of a signed-in page. One tab leads: it has the stream, empties
// the outbox, and tells the other tabs what happens; they follow. Whichever tab
// goes on, the next one takes over from its own positions.

import type { Api } from "../api/calls";
import type { PresenceState, Unsent } from "../nouns";
import { Attention } from "./attention";
import { Cursor } from "./cursor";
import { Keeper } from "./keeper";
import { canLock, lead } from "./locks";
import { OutboxStore } from "./outbox-store";
import { Sender } from "./sender";
import type { Session } from "./session";
import { Tabs, type Word } from "./tabs";
import type { Snapshot, Update } from "./update";

export interface LiveParts {
  readonly api: Api;
  readonly session: Session;
  readonly onUpdates: (updates: readonly Update[]) => void;
  /** What this tab knows, for one that knows nothing. */
  readonly snapshot: () => Snapshot;
}

export class Live {
  readonly #parts: LiveParts;
  readonly #store: OutboxStore;
  readonly #tabs: Tabs;
  readonly #ending = new AbortController();
  readonly #cursor = new Cursor();
  readonly #attention: Attention;
  #epoch = "";
  /** Whether this tab knows enough to take in what the leading tab tells. */
  #follows = false;
  #keeper: Keeper | undefined;
  #sender: Sender | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#store = new OutboxStore(parts.session.user?.id ?? "");
    this.#tabs = new Tabs(parts.session.id, (word) => this.#hear(word));
    this.#attention = new Attention({
      own: this.#tabs.id,
      api: parts.api,
      seen: (rooms) => this.#tell([{ kind: "watched", rooms }]),
    });
  }

  /** Whether this tab has the stream: what shall happen once for all tabs happens here. */
  get leads(): boolean {
    return this.#keeper !== undefined;
  }

  start(): void {
    const { signal } = this.#ending;
    const { id } = this.#parts.session;
    for (const { message, refused } of this.#store.all()) {
      this.#parts.onUpdates([refused ? { kind: "refused", message, reason: refused } : { kind: "queued", message }]);
    }
    if (canLock) this.#tabs.say({ kind: "hello", tab: this.#tabs.id });
    void lead(`causerie.lead.${id}`, signal, () => this.#lead());
    const nudge = () => this.nudge();
    window.addEventListener("online", nudge, { signal });
    window.addEventListener("pageshow", nudge, { signal });
    window.addEventListener("pagehide", () => this.#tabs.say({ kind: "bye", tab: this.#tabs.id }), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.nudge(), { signal });
  }

  /** Ends this tab's part; the session goes on in others. */
  stop(): void {
    this.#ending.abort();
    this.#keeper?.stop();
    this.#sender?.stop();
    this.#attention.stop();
    this.#tabs.say({ kind: "bye", tab: this.#tabs.id });
    this.#tabs.close();
  }

  /** Puts a message into the outbox; also one that was refused, to try it again. */
  send(message: Unsent): void {
    this.#store.put(message);
    this.#tell([{ kind: "queued", message }]);
    if (this.#sender) this.#sender.push(message);
    else this.#tabs.say({ kind: "queue", message });
  }

  /** Takes a message out of the outbox. */
  discard(id: string): void {
    this.#store.remove(id);
    this.#sender?.remove(id);
    this.#tabs.say({ kind: "discard", id });
    this.#tell([{ kind: "discarded", id }]);
  }

  /** Says which rooms this tab shows. */
  watch(roomIds: string[]): void {
    this.#attention.watch(this.#tabs.id, roomIds);
    this.#tabs.say({ kind: "watch", tab: this.#tabs.id, roomIds });
  }

  /** The user did something in this tab. */
  active(): void {
    const at = Date.now();
    if (this.#attention.active(at)) this.#tabs.say({ kind: "active", at });
  }

  /** Lets the user be seen so, on all devices. */
  choose(choice: PresenceState): void {
    this.#tell([{ kind: "choice", choice }]);
    if (this.leads) this.#attention.choose(choice);
    else this.#tabs.say({ kind: "choose", choice });
  }

  /** There is reason to hope: try now. */
  nudge(): void {
    if (this.#keeper) this.#keeper.nudge();
    else this.#tabs.say({ kind: "nudge" });
  }

  async #lead(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const { api, session } = this.#parts;
    this.#follows = true;
    const keeper = (this.#keeper = new Keeper({
      api,
      session,
      cursor: this.#cursor,
      epoch: this.#epoch,
      emit: (updates) => this.#emit(updates),
      opened: (connectionId) => this.#attention.opened(connectionId),
      epochChanged: (epoch) => (this.#epoch = epoch),
    }));
    const waiting = this.#store.all().filter(({ refused }) => !refused);
    this.#sender = new Sender(
      waiting.map(({ message }) => message),
      {
        api,
        live: () => keeper.live,
        sent: ({ clientMessageId: id }, message) => {
          this.#store.remove(id);
          this.#tell([{ kind: "sent", id, message }]);
        },
        refused: (message, { what, message: text }) => {
          this.#store.put(message, what || text);
          this.#tell([{ kind: "refused", message, reason: what || text }]);
        },
      },
    );
    this.#tabs.say({ kind: "who" });
    await keeper.run();
  }

  #emit(updates: Update[]): void {
    this.#tell(updates);
    for (const update of updates) {
      if (update.kind !== "connection") continue;
      if (update.state.kind === "live") this.#sender?.pump();
      if (update.state.kind === "waiting") {
        this.#sender?.lost();
        this.#attention.lost();
      }
    }
  }

  /** To this tab and all others. */
  #tell(updates: Update[]): void {
    this.#parts.onUpdates(updates);
    if (canLock) this.#tabs.say({ kind: "updates", updates });
  }

  #hear(word: Word): void {
    const leads = this.#keeper !== undefined;
    switch (word.kind) {
      case "hello":
        if (leads) this.#sayAll(word.tab);
        return;
      case "snapshot":
        if (!leads && word.tab === this.#tabs.id) this.#begin(word.epoch, word.snapshot);
        return;
      case "updates":
        return this.#follow(word.updates);
      case "who":
        if (!this.#follows) this.#tabs.say({ kind: "hello", tab: this.#tabs.id });
        this.#tabs.say({ kind: "watch", tab: this.#tabs.id, roomIds: this.#attention.rooms(this.#tabs.id) });
        return;
      case "watch":
        return this.#attention.watch(word.tab, word.roomIds);
      case "bye":
        return this.#attention.watch(word.tab, []);
      case "queue":
        return this.#sender?.push(word.message);
      case "discard":
        return this.#sender?.remove(word.id);
      case "active":
        return void this.#attention.active(word.at);
      case "choose":
        return leads ? this.#attention.choose(word.choice) : undefined;
      case "nudge":
        return this.#keeper?.nudge();
    }
  }

  #sayAll(tab: string): void {
    this.#tabs.say({ kind: "snapshot", tab, epoch: this.#epoch, snapshot: this.#parts.snapshot() });
  }

  #begin(epoch: string, snapshot: Snapshot): void {
    this.#epoch = epoch;
    this.#cursor.clear();
    for (const { room } of snapshot.rooms) this.#cursor.begin(room.id, room.headSeq);
    this.#follows = true;
    this.#parts.onUpdates([{ kind: "snapshot", snapshot }]);
  }

  /** Takes in what another tab tells. A gap means that this tab was asleep: begin anew. */
  #follow(updates: readonly Update[]): void {
    if (!this.#follows) return;
    const taken: Update[] = [];
    for (const update of updates) {
      if (update.kind === "change") {
        const { roomId, afterSeq, seq } = update.change;
        const verdict = this.#cursor.accept(roomId, afterSeq, seq);
        if (verdict === "gap") {
          this.#follows = false;
          this.#tabs.say({ kind: "hello", tab: this.#tabs.id });
          break;
        }
        if (verdict !== "deliver") continue;
      }
      if (update.kind === "roomAdded" || update.kind === "reset") {
        this.#cursor.begin(update.summary.room.id, update.summary.room.headSeq);
      }
      if (update.kind === "roomGone") this.#cursor.forget(update.roomId);
      taken.push(update);
    }
    this.#parts.onUpdates(taken);
  }
}
