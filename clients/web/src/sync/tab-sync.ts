// Keeps all tabs of a session up to date by one stream. One tab leads: it has the stream,
// sends the outbox, and broadcasts updates to the other tabs, which follow. If the leader
// goes away, the next tab takes over from its own positions.

import type { Api } from "../api/calls";
import type { PresenceState, Unsent } from "../domain/types";
import { PresenceReporter } from "./presence-reporter";
import type { ConnectionState } from "./reconnect";
import { StreamBudget } from "./stream-budget";
import { Cursor } from "./cursor";
import { acceptUpdates } from "./follower";
import { StreamConnection } from "./stream-connection";
import { LeaderElection } from "./leader-election";
import { hasWebLocks } from "./locks";
import { OutboxSync } from "./outbox-sync";
import type { Session } from "./session";
import { LeaderHealth } from "./leader-health";
import { TabChannel, type TabMessage } from "./tab-channel";
import type { Snapshot, Update } from "./update";

/** How often a follower checks that there is a leader. */
const PING_MS = 5_000;
/** Updates that any tab may broadcast; all others come from the leader. */
const ALLOWED_FROM_ANY_TAB: readonly Update["kind"][] = ["queued", "discarded", "blocked", "choice"];

export interface TabSyncParts {
  readonly api: Api;
  readonly session: Session;
  readonly onUpdates: (updates: readonly Update[]) => void;
  /** A message could not be stored and is not sent yet: it is lost if the page is closed. */
  readonly onNotStored: () => void;
  /** The state of this tab for another one; undefined until its code is loaded. */
  readonly snapshot: (syncedSeq: (roomId: string) => number | undefined) => Snapshot | undefined;
}

export class TabSync {
  readonly #parts: TabSyncParts;
  readonly #outbox: OutboxSync;
  readonly #channel: TabChannel;
  readonly #stopped = new AbortController();
  readonly #cursor = new Cursor();
  readonly #presence: PresenceReporter;
  readonly #election: LeaderElection;
  readonly #leaderHealth = new LeaderHealth();
  readonly #streamBudget = new StreamBudget();
  #state: ConnectionState = { kind: "connecting" };
  #focusedAt = -Infinity;
  #epoch = "";
  /** Whether this tab has the state that the leader's updates are based on. */
  #follows = false;
  /** The presence that the user chose in this tab, until the leader has received it. */
  #pendingChoice: PresenceState | undefined;
  /** Whether the stream has skipped events without ending. */
  #lagged = false;
  #connection: StreamConnection | undefined;

  constructor(parts: TabSyncParts) {
    this.#parts = parts;
    this.#outbox = new OutboxSync(parts.session.user?.id ?? "", (updates) => this.#broadcast(updates));
    this.#channel = new TabChannel(parts.session.id, (message) => this.#onTabMessage(message));
    this.#election = new LeaderElection({
      name: `causerie.lead.${parts.session.id}`,
      lead: () => this.#lead(),
      onLost: () => {
        this.#resign();
        this.#restartFollowing();
      },
    });
    this.#presence = new PresenceReporter({
      ownTab: this.#channel.id,
      api: parts.api,
      onWatched: (rooms) => this.#broadcast([{ kind: "watched", rooms }]),
      isSubscribed: (roomId) => this.#cursor.position(roomId) !== undefined,
    });
  }

  /** Whether this tab has the stream. Work that must be done once for all tabs is done here. */
  get leads(): boolean {
    return this.#connection !== undefined;
  }

  start(): void {
    const { signal } = this.#stopped;
    this.#applyLocally(this.#outbox.changesSinceShown());
    if (hasWebLocks) {
      this.#requestSnapshot();
      const timer = setInterval(() => this.#checkLeader(), PING_MS);
      signal.addEventListener("abort", () => clearInterval(timer));
      void this.#election.run();
    } else this.#onVisible();
    const retryNow = () => this.retryNow();
    window.addEventListener("online", retryNow, { signal });
    window.addEventListener("pageshow", ({ persisted }) => this.#onPageShow(persisted), { signal });
    window.addEventListener("pagehide", () => this.#channel.post({ kind: "bye", tab: this.#channel.id }), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.#onVisible(), { signal });
  }

  /** Ends this tab's part; the session goes on in others. */
  stop(): void {
    this.#stopped.abort();
    this.#election.stop();
    this.#resign();
    this.#presence.stop();
    this.#channel.post({ kind: "bye", tab: this.#channel.id });
    this.#channel.close();
  }

  /** Puts a message into the outbox; also one that was refused, to try it again. */
  send(message: Unsent): void {
    const isStored = this.#outbox.add(message);
    this.#broadcast([{ kind: "queued", message }]);
    if (!this.#outbox.push(message)) this.#channel.post({ kind: "queue", message });
    if (!isStored && this.#state.kind !== "live") this.#parts.onNotStored();
  }

  /** Takes a message out of the outbox. */
  discard(id: string): void {
    this.#outbox.discard(id);
    this.#channel.post({ kind: "discard", id });
    this.#broadcast([{ kind: "discarded", id }]);
  }

  /** Refuses pending messages that name positions of another store; if `all`, those that name any. */
  dropPositions(epoch: string, all: boolean): void {
    this.#outbox.dropPositions(epoch, all);
  }

  /** Says which rooms this tab shows. */
  watch(roomIds: string[]): void {
    this.#presence.watch(this.#channel.id, roomIds);
    this.#channel.post({ kind: "watch", tab: this.#channel.id, roomIds });
  }

  /** Reloads the state of the watched rooms, which may be wrong. */
  refreshWatchedRooms(): void {
    this.#presence.refreshRooms();
  }

  /** If this tab leads, asks the other tabs which rooms they show, and whether they need a snapshot. */
  requestTabStates(): void {
    if (this.#connection) this.#channel.post({ kind: "who" });
  }

  /** Tells all tabs whom the user has blocked. */
  broadcastBlocked(userIds: readonly string[]): void {
    this.#broadcast([{ kind: "blocked", userIds }]);
  }

  /** Reports whether this tab has the focus. Repeat it while it has. */
  reportFocus(focused: boolean): void {
    this.#setFocused(focused);
    this.#channel.post({ kind: "attentive", here: focused });
  }

  /** Whether any tab had the focus within this time. */
  wasFocusedWithin(ms: number): boolean {
    return performance.now() - this.#focusedAt < ms;
  }

  /** The user did something in this tab. */
  recordActivity(): void {
    const at = Date.now();
    if (!this.#presence.recordActivity(at)) return;
    this.#channel.post({ kind: "active", at });
    // The machine may have slept.
    this.retryNow();
  }

  /** Sets the user's presence on all devices. */
  choosePresence(choice: PresenceState): void {
    this.#broadcast([{ kind: "choice", choice }]);
    if (this.leads) return this.#presence.choose(choice);
    this.#pendingChoice = choice;
    this.#postPending();
  }

  /** Reconnects now instead of waiting for the back-off. */
  retryNow(): void {
    if (this.#connection) this.#connection.retryNow();
    else this.#channel.post({ kind: "nudge" });
  }

  async #lead(): Promise<void> {
    const { api, session } = this.#parts;
    this.#follows = true;
    const connection: StreamConnection = (this.#connection = new StreamConnection({
      api,
      session,
      cursor: this.#cursor,
      onUpdates: (updates) => this.#connection === connection && this.#onStreamUpdates(updates),
      onOpen: (connectionId) => this.#presence.onOpen(connectionId),
    }));
    this.#outbox.start(api, () => connection.live);
    this.#presence.forgetOthers();
    if (this.#pendingChoice) this.#presence.choose(this.#pendingChoice);
    this.#pendingChoice = undefined;
    this.requestTabStates();
    await connection.run();
    if (this.#connection === connection) this.#resign();
  }

  /** Stops leading; another tab may lead now. */
  #resign(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.stop();
    this.#outbox.stop();
    this.#presence.onDisconnect();
  }

  /** Pings the leader, and repeats what it may have missed. */
  #checkLeader(): void {
    if (this.#connection || this.#state.kind === "ended") return;
    const health = this.#leaderHealth.check(this.#follows);
    // Without a working leader there is no connection.
    if (health !== "well") this.#applyLocally([{ kind: "connection", state: { kind: "connecting" } }]);
    if (health === "dead") this.#election.takeOver();
    this.#channel.post({ kind: "ping" });
    if (!this.#follows) this.#requestSnapshot();
    this.#postWatchedRooms();
    this.#postPending();
  }

  #onLeaderAnswer(state: ConnectionState): void {
    const wasSilent = this.#leaderHealth.isSilent;
    this.#leaderHealth.recordAnswer();
    if (wasSilent) this.#applyLocally([{ kind: "connection", state }]);
  }

  #onStreamUpdates(updates: Update[]): void {
    const before = this.#state.kind;
    this.#broadcast(updates);
    if (updates.some(({ kind }) => kind === "roomAdded" || kind === "roomGone")) this.#presence.onRoomsChanged();
    for (const update of updates) {
      if (update.kind !== "connection") continue;
      if (before === "live" && update.state.kind === "catchingUp") this.#lagged = true;
      if (update.state.kind === "live") {
        // Catching up does not include the presence and typing events that were skipped.
        if (this.#lagged) this.#presence.refreshRooms();
        this.#lagged = false;
        this.#outbox.onLive();
      }
      if (update.state.kind === "waiting") {
        this.#outbox.onDisconnect();
        this.#presence.onDisconnect();
      }
    }
  }

  /** To this tab and all others. */
  #broadcast(updates: Update[]): void {
    this.#applyLocally(updates);
    if (hasWebLocks) this.#channel.post({ kind: "updates", updates });
  }

  /** To this tab. */
  #applyLocally(updates: readonly Update[]): void {
    this.#outbox.onUpdates(updates);
    for (const update of updates) {
      if (update.kind === "connection") this.#state = update.state;
      if (update.kind === "ready") this.#epoch = update.epoch;
    }
    this.#parts.onUpdates(updates);
  }

  #onTabMessage(message: TabMessage): void {
    const leads = this.#connection !== undefined;
    switch (message.kind) {
      case "hello":
        this.#presence.forgetTab(message.tab);
        return this.#postSnapshot(message.tab);
      case "snapshot":
        if (!leads && message.tab === this.#channel.id) this.#startFollowing(message.epoch, message.snapshot);
        return;
      case "updates":
        // The leader has received the choice, or there is a newer one.
        if (message.updates.some(({ kind }) => kind === "choice")) this.#pendingChoice = undefined;
        if (leads) return this.#applyLocally(message.updates.filter(({ kind }) => ALLOWED_FROM_ANY_TAB.includes(kind)));
        return this.#onLeaderUpdates(message.updates);
      case "who":
        this.#leaderHealth.recordAnswer();
        if (!this.#follows) this.#restartFollowing();
        this.#postPending();
        return this.#postWatchedRooms();
      case "watch":
        return this.#presence.watch(message.tab, message.roomIds);
      case "bye":
        return this.#presence.watch(message.tab, []);
      case "queue":
        return this.#outbox.pushFromTab(message.message, this.#epoch);
      case "discard":
        return this.#outbox.unqueue(message.id);
      case "active":
        return void this.#presence.recordActivity(message.at);
      case "choose":
        if (leads) this.choosePresence(message.choice);
        return;
      case "nudge":
        return this.#connection?.retryNow();
      case "attentive":
        return this.#setFocused(message.here);
      case "looked":
        if (document.hidden && this.#streamBudget.isExceededBy(message.tab)) this.#resign();
        return;
      case "ping":
        return leads ? this.#channel.post({ kind: "beat", state: this.#state }) : undefined;
      case "beat":
        return leads ? undefined : this.#onLeaderAnswer(message.state);
    }
  }

  /** This tab became visible, or was opened. */
  #onVisible(): void {
    if (!hasWebLocks) {
      this.#streamBudget.reset();
      this.#channel.post({ kind: "looked", tab: this.#channel.id });
      // This tab had closed its stream.
      if (!this.#connection && this.#state.kind !== "ended") void this.#election.run();
    }
    this.retryNow();
  }

  #setFocused(focused: boolean): void {
    this.#focusedAt = focused ? performance.now() : -Infinity;
  }

  /** This tab cannot apply updates before it has a new snapshot. */
  #restartFollowing(): void {
    this.#follows = false;
    this.#requestSnapshot();
  }

  #requestSnapshot(): void {
    this.#channel.post({ kind: "hello", tab: this.#channel.id });
  }

  /** The page is shown again. If the browser had frozen it, it has missed updates and the leader takes it for closed. */
  #onPageShow(persisted: boolean): void {
    if (persisted && !this.#connection) this.#restartFollowing();
    this.retryNow();
  }

  /** Repeated until the messages are sent: a leader may have closed before it received them. */
  #postPending(): void {
    for (const message of this.#outbox.own) this.#channel.post({ kind: "queue", message });
    if (this.#pendingChoice) this.#channel.post({ kind: "choose", choice: this.#pendingChoice });
  }

  #postSnapshot(tab: string): void {
    // Taken and posted at once, so that no update comes between.
    const snapshot = this.#connection && this.#parts.snapshot((roomId) => this.#cursor.position(roomId));
    if (snapshot) this.#channel.post({ kind: "snapshot", tab, epoch: this.#epoch, snapshot });
  }

  #startFollowing(epoch: string, snapshot: Snapshot): void {
    this.#epoch = epoch;
    this.#leaderHealth.recordAnswer();
    this.#cursor.clear();
    for (const { room } of snapshot.rooms) this.#cursor.begin(room);
    this.#follows = true;
    this.#state = snapshot.connection;
    // This tab has missed what became of messages before it followed.
    this.#applyLocally([{ kind: "snapshot", snapshot }, ...this.#outbox.changesSinceShown()]);
    // The state of watched rooms is not part of the snapshot.
    this.#postWatchedRooms();
  }

  #postWatchedRooms(): void {
    this.#channel.post({ kind: "watch", tab: this.#channel.id, roomIds: this.#presence.rooms(this.#channel.id) });
  }

  #onLeaderUpdates(updates: readonly Update[]): void {
    if (!this.#follows) return;
    const { accepted, gap } = acceptUpdates(this.#cursor, this.#epoch, updates);
    this.#applyLocally(accepted);
    if (gap) this.#restartFollowing();
  }
}
