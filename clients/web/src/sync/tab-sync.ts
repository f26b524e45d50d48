// The live side of a signed-in page. One tab leads: it has the stream, empties
// the outbox, and tells the other tabs what happens; they follow. Whichever tab
// goes on, the next one takes over from its own positions.

import type { Api } from "../api/calls";
import type { PresenceState, Unsent } from "../domain/types";
import { Attention } from "./presence-reporter";
import type { State } from "./reconnect";
import { Crowd } from "./stream-budget";
import { Cursor } from "./cursor";
import { follow } from "./follower";
import { Keeper } from "./stream-connection";
import { Leading } from "./leader-election";
import { canLock } from "./locks";
import { OutboxStore } from "./outbox-store";
import { Pending, sentLongAgo, withoutLostPositions } from "./tab-outbox";
import { Sender } from "./outbox-sender";
import type { Session } from "./session";
import { Silence } from "./leader-health";
import { Tabs, type Word } from "./tab-channel";
import type { Snapshot, Update } from "./update";

/** How often a tab that follows makes sure that another one leads. */
const PING_MS = 5_000;
/** What any tab may tell; all else comes from the one that leads. */
const FROM_ANY: readonly Update["kind"][] = ["queued", "discarded", "blocked", "choice"];

export interface LiveParts {
  readonly api: Api;
  readonly session: Session;
  readonly onUpdates: (updates: readonly Update[]) => void;
  /** A message that was written has to wait, and will be lost with this page. */
  readonly unkept: () => void;
  /** What this tab knows, for one that knows nothing; undefined until its code is there. */
  readonly snapshot: (told: (roomId: string) => number | undefined) => Snapshot | undefined;
}

export class Live {
  readonly #parts: LiveParts;
  readonly #store: OutboxStore;
  readonly #pending: Pending;
  readonly #tabs: Tabs;
  readonly #ending = new AbortController();
  readonly #cursor = new Cursor();
  readonly #attention: Attention;
  readonly #leading: Leading;
  readonly #silence = new Silence();
  readonly #crowd = new Crowd();
  #state: State = { kind: "connecting" };
  #attendedAt = -Infinity;
  #epoch = "";
  /** Whether this tab knows enough to take in what the leading tab tells. */
  #follows = false;
  /** How the user has chosen here to be seen, until the leading tab has heard it. */
  #choice: PresenceState | undefined;
  /** Something was left out by the stream, which did not come to an end for that. */
  #lagged = false;
  #keeper: Keeper | undefined;
  #sender: Sender | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#store = new OutboxStore(parts.session.user?.id ?? "");
    this.#pending = new Pending(this.#store);
    this.#tabs = new Tabs(parts.session.id, (word) => this.#hear(word));
    this.#leading = new Leading({
      name: `causerie.lead.${parts.session.id}`,
      work: () => this.#lead(),
      lost: () => {
        this.#resign();
        this.#beginAnew();
      },
    });
    this.#attention = new Attention({
      own: this.#tabs.id,
      api: parts.api,
      seen: (rooms) => this.#tell([{ kind: "watched", rooms }]),
      knows: (roomId) => this.#cursor.position(roomId) !== undefined,
    });
  }

  /** Whether this tab has the stream: what shall happen once for all tabs happens here. */
  get leads(): boolean {
    return this.#keeper !== undefined;
  }

  start(): void {
    const { signal } = this.#ending;
    this.#take(this.#pending.missed());
    if (canLock) {
      this.#sayHello();
      const timer = setInterval(() => this.#ask(), PING_MS);
      signal.addEventListener("abort", () => clearInterval(timer));
      void this.#leading.run();
    } else this.#looked();
    const nudge = () => this.nudge();
    window.addEventListener("online", nudge, { signal });
    window.addEventListener("pageshow", ({ persisted }) => this.#shown(persisted), { signal });
    window.addEventListener("pagehide", () => this.#tabs.say({ kind: "bye", tab: this.#tabs.id }), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.#looked(), { signal });
  }

  /** Ends this tab's part; the session goes on in others. */
  stop(): void {
    this.#ending.abort();
    this.#leading.stop();
    this.#resign();
    this.#attention.stop();
    this.#tabs.say({ kind: "bye", tab: this.#tabs.id });
    this.#tabs.close();
  }

  /** Puts a message into the outbox; also one that was refused, to try it again. */
  send(message: Unsent): void {
    const kept = this.#pending.write(message);
    this.#tell([{ kind: "queued", message }]);
    if (this.#sender) this.#sender.push(message);
    else this.#tabs.say({ kind: "queue", message });
    if (!kept && this.#state.kind !== "live") this.#parts.unkept();
  }

  /** Takes a message out of the outbox. */
  discard(id: string): void {
    this.#store.remove(id);
    this.#sender?.remove(id);
    this.#tabs.say({ kind: "discard", id });
    this.#tell([{ kind: "discarded", id }]);
  }

  /** Of what waits, nothing is sent to positions of another store than this; if they are `all` lost, to none. */
  dropPositions(epoch: string, all: boolean): void {
    if (!this.#sender) return;
    for (const { message, refused } of withoutLostPositions(this.#pending.all(), epoch, all)) {
      this.#sender.remove(message.clientMessageId);
      this.#refuse(message, refused);
    }
  }

  /** The tab that has written it may not have heard yet that the store is another one. */
  #push(message: Unsent): void {
    const [lost] = withoutLostPositions([{ message, refused: "" }], this.#epoch, false);
    if (lost) this.#refuse(lost.message, lost.refused);
    else this.#sender?.push(message);
  }

  /** Says which rooms this tab shows. */
  watch(roomIds: string[]): void {
    this.#attention.watch(this.#tabs.id, roomIds);
    this.#tabs.say({ kind: "watch", tab: this.#tabs.id, roomIds });
  }

  /** What is known of the rooms on screens may be wrong. */
  lookAgain(): void {
    this.#attention.lookAgain();
  }

  /** If this tab leads: what the others look at, and whether they know what it knows. */
  askOthers(): void {
    if (this.#keeper) this.#tabs.say({ kind: "who" });
  }

  /** Tells all tabs whom the user has blocked. */
  tellBlocked(userIds: readonly string[]): void {
    this.#tell([{ kind: "blocked", userIds }]);
  }

  /** Says whether somebody looks at this tab; to be said again while they do. */
  attend(here: boolean): void {
    this.#attended(here);
    this.#tabs.say({ kind: "attentive", here });
  }

  /** Whether somebody has looked at a tab within this time. */
  attendedWithin(ms: number): boolean {
    return performance.now() - this.#attendedAt < ms;
  }

  /** The user did something in this tab. */
  active(): void {
    const at = Date.now();
    if (!this.#attention.active(at)) return;
    this.#tabs.say({ kind: "active", at });
    // The machine may have slept.
    this.nudge();
  }

  /** Lets the user be seen so, on all devices. */
  choose(choice: PresenceState): void {
    this.#tell([{ kind: "choice", choice }]);
    if (this.leads) return this.#attention.choose(choice);
    this.#choice = choice;
    this.#sayOwn();
  }

  /** There is reason to hope: try now. */
  nudge(): void {
    if (this.#keeper) this.#keeper.nudge();
    else this.#tabs.say({ kind: "nudge" });
  }

  async #lead(): Promise<void> {
    const { api, session } = this.#parts;
    this.#follows = true;
    const keeper: Keeper = (this.#keeper = new Keeper({
      api,
      session,
      cursor: this.#cursor,
      emit: (updates) => this.#keeper === keeper && this.#emit(updates),
      opened: (connectionId) => this.#attention.opened(connectionId),
    }));
    this.#sender = new Sender(this.#pending.toSend(), {
      api,
      live: () => keeper.live,
      sent: ({ clientMessageId: id }, message) => {
        this.#store.remove(id);
        this.#tell([{ kind: "sent", id, message }]);
      },
      refused: (message, { what, message: text }) => {
        // Without a reason it would wait.
        this.#refuse(message, what || text || "REFUSED");
      },
    });
    this.#attention.forgetOthers();
    if (this.#choice) this.#attention.choose(this.#choice);
    this.#choice = undefined;
    this.askOthers();
    await keeper.run();
    if (this.#keeper === keeper) this.#resign();
  }

  /** Before anything is sent. Only when its writer says so, it is sent once more. */
  #askOfOld(): void {
    for (const message of this.#sender ? sentLongAgo(this.#pending.toSend(), Date.now()) : []) {
      this.#sender?.remove(message.clientMessageId);
      this.#refuse(message, "SENT_LONG_AGO");
    }
  }

  #refuse(message: Unsent, reason: string): void {
    this.#store.put(message, reason);
    this.#tell([{ kind: "refused", message, reason }]);
  }

  /** Leads no more, and goes along with whichever tab does. */
  #resign(): void {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    keeper?.stop();
    this.#sender?.stop();
    this.#sender = undefined;
    this.#attention.lost();
  }

  /** Asks whether another tab leads, and for what it may not have heard. */
  #ask(): void {
    if (this.#keeper || this.#state.kind === "ended") return;
    const how = this.#silence.ask(this.#follows);
    // What nobody takes on has no connection.
    if (how !== "well") this.#take([{ kind: "connection", state: { kind: "connecting" } }]);
    if (how === "dead") this.#leading.seize();
    this.#tabs.say({ kind: "ping" });
    if (!this.#follows) this.#sayHello();
    this.#sayWatched();
    this.#sayOwn();
  }

  #heardLeader(state: State): void {
    const again = this.#silence.isSilent;
    this.#silence.heard();
    if (again) this.#take([{ kind: "connection", state }]);
  }

  #emit(updates: Update[]): void {
    const before = this.#state.kind;
    this.#tell(updates);
    if (updates.some(({ kind }) => kind === "roomAdded" || kind === "roomGone")) this.#attention.roomsMoved();
    for (const update of updates) {
      if (update.kind !== "connection") continue;
      if (before === "live" && update.state.kind === "catchingUp") this.#lagged = true;
      if (update.state.kind === "live") {
        // States that were left out are not in what is caught up with.
        if (this.#lagged) this.#attention.lookAgain();
        this.#lagged = false;
        this.#askOfOld();
        this.#sender?.pump();
      }
      if (update.state.kind === "waiting") {
        this.#sender?.lost();
        this.#attention.lost();
      }
    }
  }

  /** To this tab and all others. */
  #tell(updates: Update[]): void {
    this.#take(updates);
    if (canLock) this.#tabs.say({ kind: "updates", updates });
  }

  /** To this tab. */
  #take(updates: readonly Update[]): void {
    this.#pending.note(updates);
    for (const update of updates) {
      if (update.kind === "connection") this.#state = update.state;
      if (update.kind === "ready") this.#epoch = update.epoch;
    }
    this.#parts.onUpdates(updates);
  }

  #hear(word: Word): void {
    const leads = this.#keeper !== undefined;
    switch (word.kind) {
      case "hello":
        this.#attention.forget(word.tab);
        return this.#sayAll(word.tab);
      case "snapshot":
        if (!leads && word.tab === this.#tabs.id) this.#begin(word.epoch, word.snapshot);
        return;
      case "updates":
        // Heard by the tab that leads, or chosen anew.
        if (word.updates.some(({ kind }) => kind === "choice")) this.#choice = undefined;
        if (leads) return this.#take(word.updates.filter(({ kind }) => FROM_ANY.includes(kind)));
        return this.#follow(word.updates);
      case "who":
        this.#silence.heard();
        if (!this.#follows) this.#beginAnew();
        this.#sayOwn();
        return this.#sayWatched();
      case "watch":
        return this.#attention.watch(word.tab, word.roomIds);
      case "bye":
        return this.#attention.watch(word.tab, []);
      case "queue":
        return this.#sender && this.#push(word.message);
      case "discard":
        return this.#sender?.remove(word.id);
      case "active":
        return void this.#attention.active(word.at);
      case "choose":
        if (leads) this.choose(word.choice);
        return;
      case "nudge":
        return this.#keeper?.nudge();
      case "attentive":
        return this.#attended(word.here);
      case "looked":
        if (document.hidden && this.#crowd.other(word.tab)) this.#resign();
        return;
      case "ping":
        return leads ? this.#tabs.say({ kind: "beat", state: this.#state }) : undefined;
      case "beat":
        return leads ? undefined : this.#heardLeader(word.state);
    }
  }

  /** This tab is looked at, or was opened. */
  #looked(): void {
    if (!canLock) {
      this.#crowd.looked();
      this.#tabs.say({ kind: "looked", tab: this.#tabs.id });
      // It had given up its stream.
      if (!this.#keeper && this.#state.kind !== "ended") void this.#leading.run();
    }
    this.nudge();
  }

  #attended(here: boolean): void {
    this.#attendedAt = here ? performance.now() : -Infinity;
  }

  /** What is told from now on cannot be taken in before another tab has said all that it knows. */
  #beginAnew(): void {
    this.#follows = false;
    this.#sayHello();
  }

  #sayHello(): void {
    this.#tabs.say({ kind: "hello", tab: this.#tabs.id });
  }

  /** The page is there again; kept by the browser, it has not heard what was told meanwhile, and has said that it goes. */
  #shown(persisted: boolean): void {
    if (persisted && !this.#keeper) this.#beginAnew();
    this.nudge();
  }

  /** Again until it is sent: the tab that led may have gone before it heard of it. */
  #sayOwn(): void {
    for (const message of this.#pending.own) this.#tabs.say({ kind: "queue", message });
    if (this.#choice) this.#tabs.say({ kind: "choose", choice: this.#choice });
  }

  #sayAll(tab: string): void {
    // Taken and said in one moment, so that nothing is told between.
    const snapshot = this.#keeper && this.#parts.snapshot((roomId) => this.#cursor.position(roomId));
    if (snapshot) this.#tabs.say({ kind: "snapshot", tab, epoch: this.#epoch, snapshot });
  }

  #begin(epoch: string, snapshot: Snapshot): void {
    this.#epoch = epoch;
    this.#silence.heard();
    this.#cursor.clear();
    for (const { room } of snapshot.rooms) this.#cursor.begin(room);
    this.#follows = true;
    this.#state = snapshot.connection;
    // What was sent or thrown away before this tab could follow was not told to it.
    this.#take([{ kind: "snapshot", snapshot }, ...this.#pending.missed()]);
    // How they are is no part of the snapshot.
    this.#sayWatched();
  }

  #sayWatched(): void {
    this.#tabs.say({ kind: "watch", tab: this.#tabs.id, roomIds: this.#attention.rooms(this.#tabs.id) });
  }

  #follow(updates: readonly Update[]): void {
    if (!this.#follows) return;
    const { taken, gap } = follow(this.#cursor, this.#epoch, updates);
    this.#take(taken);
    if (gap) this.#beginAnew();
  }
}
