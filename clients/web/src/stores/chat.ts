// The store of a signed-in page: the model, the signals that read it, and the user's
// actions.

import { createContext, createEffect, createMemo, createSignal, onCleanup, useContext } from "solid-js";

import type { Api } from "../api/calls";
import type { Message, Page, Presence, PresenceState, Unsent, User } from "../domain/types";
import { randomId } from "../domain/random-id";
import { TabSync } from "../sync/tab-sync";
import type { Update } from "../sync/update";
import type { AppContext } from "./session/app-context";
import * as applying from "./model/apply";
import { createComposerStates } from "./composer/composer-state";
import { PendingDeletions } from "./messages/pending-deletions";
import { Drafts } from "./composer/drafts";
import { emptyModel, type RoomView } from "./model/model";
import { NOTHING_UNREAD, unread, type Unread } from "./reading/unread";
import { createDownloadLinks } from "./files/download-links";
import { receiptSeqsOfAll, roomReadBeyond, type ReceiptSeqs } from "./reading/read-markers";
import { hasNameCollision } from "./people/name-collisions";
import { UserLoader } from "./people/user-loader";
import { createMessageLoader } from "./messages/message-loader";
import type { Range } from "./model/ranges";
import { createAccountRole } from "./session/account-role";
import { createRooms } from "./rooms/rooms";
import { createThreads } from "./threads/threads";
import { Topics } from "./model/topics";
import { createReadMarkerRetry } from "./reading/read-marker-retry";
import type { DeferredEffects, createDeferredEffects } from "./model/deferred-effects";

/** Messages in one page. */
export const PAGE_SIZE = 50;

/** If the code of deferred effects never loads, updates must not pile up for ever. */
const MAX_EARLY_UPDATES = 1_000;

export type Chat = ReturnType<typeof createChat>;

const ChatContext = createContext<Chat>();
export const ChatProvider = ChatContext.Provider;

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("useChat outside of a signed-in page");
  return chat;
}

/** Must be called where Solid can clean up, while someone is signed in. */
export function createChat({ api, session }: AppContext) {
  const nobody: User = { id: "", username: "", displayName: "", bio: "", statusText: "", createdAt: 0, photoId: "" };
  const model = emptyModel(session.user ?? nobody);
  const topics = new Topics();
  const invalidate = (changed: readonly applying.Topic[]) => topics.invalidate(changed);
  const userLoader = new UserLoader(api, (users) => invalidate(applying.applyUsers(model, users)));
  onCleanup(() => userLoader.stop());
  const markerRetry = createReadMarkerRetry(model);
  /** Pages that are loaded while the stream is still opening. */
  const prefetched = new Map<string, Promise<Page | undefined>>();
  const user = (id: string): User | undefined => {
    topics.track(`user:${id}`);
    const cached = model.users.get(id);
    if (!cached) userLoader.request(id);
    return cached;
  };
  const notificationListeners = new Set<(message: Message) => void>();
  /** Removals that nobody has been notified of. */
  const removals: (readonly [room: string, banned: boolean])[] = [];
  let notifyRemoval = (...removal: (typeof removals)[0]): void => {
    removals.push(removal);
  };
  const bans = new Set<string>();
  /** Reports that others have removed the user from a room, while its name is still known. */
  const reportRemovals = (updates: readonly Update[]) => {
    for (const update of updates) {
      if (update.kind !== "change") continue;
      const { member, message, roomId } = update.change;
      if (member?.user.id !== model.me.id || member.state === "joined" || message?.senderId === model.me.id) continue;
      const banned = member.state === "banned";
      if (banned) bans.add(roomId);
      const name = model.rooms.get(roomId)?.room.name ?? "";
      notifyRemoval(name, banned);
    }
  };
  /** Counts how often the store was replaced. */
  const [storeResets, setStoreResets] = createSignal(0);
  /** Drops all that refers to positions of the previous store. */
  const dropPositions = () => (prefetched.clear(), markerRetry.clear(), userLoader.reset(), deletions.cancelAll(), composer.dropPositions(), setStoreResets(storeResets() + 1));
  const threads = createThreads({ api, model, topics, markerRetry });
  let effects: DeferredEffects | undefined;
  /** Updates that came before the deferred effects were loaded. */
  const earlyUpdates: Update[] = [];
  let reportNotStored = () => {};
  const tabs: TabSync = new TabSync({
    api,
    session,
    onUpdates: (updates) => {
      reportRemovals(updates);
      const isReplaced = updates.some((update) => applying.isStoreReplaced(model, update));
      if (isReplaced) dropPositions();
      invalidate(updates.flatMap((update) => applying.applyUpdate(model, update)));
      // Messages in the outbox may be from before a reload.
      if (isReplaced || updates.some(({ kind }) => kind === "ready")) tabs.dropPositions(model.epoch, isReplaced);
      for (const update of updates) {
        const view = roomReadBeyond(model, update);
        if (view) markerRetry.send(view.room.id, () => api.markRead(view.room.id, view.readSeq, view.room.logId));
      }
      if (updates.some((update) => update.kind === "connection" && update.state.kind === "live")) markerRetry.retryAll();
      if (effects) effects.onUpdates(updates);
      else if (earlyUpdates.length < MAX_EARLY_UPDATES) earlyUpdates.push(...updates);
    },
    onNotStored: () => reportNotStored(),
    snapshot: (syncedSeq) => effects?.snapshot(syncedSeq),
  });
  tabs.start();
  onCleanup(() => tabs.stop());

  const me = () => (topics.track("me"), model.me);
  const account = createAccountRole(api);
  createEffect(() => session.updateUser(me()));
  /** The id of a room's current log, which its positions belong to. */
  const logOf = (roomId: string) => model.rooms.get(roomId)?.room.logId ?? "";
  const updateMessage = (message: Message) => invalidate(applying.applyMessages(model, [message]));
  const deletions = new PendingDeletions(model.me.id, (roomId, seq) => api.deleteMessage(roomId, seq, logOf(roomId)).then(updateMessage), model);
  onCleanup(() => deletions.stop());
  const drafts = new Drafts(model.me.id);
  onCleanup(() => drafts.stop());
  const composer = createComposerStates(drafts);
  const rooms = createMemo(() => {
    topics.track("rooms");
    return [...model.rooms.values()].map((view) => ({ view, room: view.room, unread: unread(view, model.me.id) }));
  });

  return {
    api,
    drafts,
    composer,
    storeResets,
    me,
    rooms,
    connection: () => (topics.track("connection"), model.connection),
    outbox: () => (topics.track("outbox"), model.outbox),
    /** Messages that the server does not have yet, or has refused. */
    unsent: () => (topics.track("outbox"), model.outbox.filter(({ sentSeq }) => !sentSeq)),
    typing: (roomId: string) => (topics.track(`typing:${roomId}`), model.typing.get(roomId) ?? []),
    trackMembers: (roomId: string) => topics.track(`members:${roomId}`),
    trackThread: (roomId: string, seq: number) => topics.track(`thread:${roomId}:${seq}`),
    /** How many other members have received and read a message. */
    receiptCounts(roomId: string, seq: number): { delivered: number; read: number } {
      topics.track(`receipts:${roomId}`);
      const receipts = [...(model.rooms.get(roomId)?.receipts.values() ?? [])];
      return {
        delivered: receipts.filter((receipt) => receipt.deliveredSeq >= seq).length,
        read: receipts.filter((receipt) => receipt.readSeq >= seq).length,
      };
    },
    /** The positions up to which all other members have received and read. */
    reachedByAll(roomId: string): ReceiptSeqs | undefined {
      topics.track(`receipts:${roomId}`);
      topics.track(`room:${roomId}`);
      const view = model.rooms.get(roomId);
      return view && receiptSeqsOfAll(view);
    },
    trackReceipts: (roomId: string) => topics.track(`receipts:${roomId}`),
    async savePreferences(roomId: string, changes: Parameters<Api["updateRoomPreferences"]>[1]): Promise<void> {
      invalidate(applying.applyPreferences(model, await api.updateRoomPreferences(roomId, changes)));
    },
    trackPins: (roomId: string) => topics.track(`pins:${roomId}`),

    /** The room's view. Use `timeline` to read its messages. */
    room(roomId: string): RoomView | undefined {
      topics.track(`room:${roomId}`);
      return model.rooms.get(roomId);
    },
    timeline(roomId: string): RoomView | undefined {
      topics.track(`timeline:${roomId}`);
      return model.rooms.get(roomId);
    },
    unread(roomId: string): Unread {
      topics.track("rooms");
      const view = model.rooms.get(roomId);
      return view ? unread(view, model.me.id) : NOTHING_UNREAD;
    },
    /** Undefined while the user is loading. */
    user,
    hasNameCollision: (id: string) => (topics.track(`user:${id}`), hasNameCollision(model, id)),
    presence(id: string): Presence | undefined {
      topics.track(`presence:${id}`);
      return model.presences.get(id);
    },

    ...createRooms({
      api,
      model,
      topics,
      user,
      accountRole: account.role,
      broadcastBlocked: (ids) => tabs.broadcastBlocked(ids),
      loadBlocks: () => effects?.loadBlocks(),
    }),
    ...createMessageLoader({ api, model, topics, deletions }),
    ...threads,
    ...account,
    link: createDownloadLinks({ api, topics }),
    deletions,

    updateUsers: (users: readonly User[]) => invalidate(applying.applyUsers(model, users)),
    updatePresences: (presences: readonly Presence[]) =>
      invalidate(presences.flatMap((presence) => applying.applyUpdate(model, { kind: "presence", presence }))),
    /** Evicts messages far from the range that is shown. */
    evict: (roomId: string, keep: Range) => effects?.evict(roomId, keep),
    /** Marks a room as visible until the returned function is called. */
    show(roomId: string): () => void {
      model.visibleRooms.add(roomId);
      return () => model.visibleRooms.delete(roomId);
    },
    prefetch(roomId: string): void {
      prefetched.set(roomId, api.listMessages(roomId, undefined, PAGE_SIZE).catch(() => undefined));
    },
    /** The prefetched newest page, if there is one; only once. */
    takePrefetched(roomId: string): Promise<Page | undefined> | undefined {
      const page = prefetched.get(roomId);
      prefetched.delete(roomId);
      return page;
    },
    applyPage: (roomId: string, page: Page, cover: { after: number; upTo: number }) => {
      invalidate(applying.applyPage(model, roomId, page, cover));
      effects?.refreshUsers(page.messages);
    },

    send(roomId: string, text: string, { replyTo = 0, threadSeq = 0, attachmentIds = [] as string[] } = {}): void {
      tabs.send({ clientMessageId: randomId(), roomId, text, replyTo, threadSeq, epoch: model.epoch, attachmentIds, at: Date.now() });
    },
    edit: async ({ roomId, seq }: Message, text: string) => updateMessage(await api.editMessage(roomId, seq, text, logOf(roomId))),
    react: async ({ roomId, seq }: Message, emoji: string, on: boolean) =>
      updateMessage(await api.react(roomId, seq, emoji, on, logOf(roomId))),
    pin: async ({ roomId, seq }: Message, on: boolean) => updateMessage(await api.pin(roomId, seq, on, logOf(roomId))),
    /** Sends a refused message again. */
    resend: (message: Unsent) => tabs.send(message),
    discard: (id: string) => tabs.discard(id),
    /** Signs out. Nothing that only this user should read stays in the browser. */
    async signOut(): Promise<void> {
      await deletions.executeAll();
      for (const { message } of model.outbox) tabs.discard(message.clientMessageId);
      drafts.clear();
      session.signOut();
    },
    /** Listens for messages that notify. */
    onNotification(listener: (message: Message) => void): void {
      notificationListeners.add(listener);
      onCleanup(() => notificationListeners.delete(listener));
    },
    /** Listens for removals of the user from rooms by others; also reports those before. */
    onRemoval(listener: (room: string, banned: boolean) => void): void {
      notifyRemoval = listener;
      for (const removal of removals.splice(0)) listener(...removal);
    },
    /** Whether the user was banned from a room since the page was opened. */
    isBanned: (roomId: string) => (topics.track(`room:${roomId}`), bans.has(roomId)),
    /** Starts the deferred effects. Must be called where Solid can clean up. */
    startEffects(create: typeof createDeferredEffects): void {
      effects = create({ api, model, tabs, invalidate, threadsAcknowledged: markerRetry.threadsAcknowledged, followsThread: threads.loadFollowsThread, notify: (message) => notificationListeners.forEach((listener) => listener(message)) });
      effects.onUpdates(earlyUpdates.splice(0));
    },
    /** Listens for messages that could not be stored and are lost if the page is closed. */
    onNotStored: (listener: () => void) => (reportNotStored = listener),
    watch: (roomIds: string[]) => tabs.watch(roomIds),
    recordActivity: () => tabs.recordActivity(),
    retryNow: () => tabs.retryNow(),
    reportFocus: (focused: boolean) => tabs.reportFocus(focused),
    /** Whether this tab notifies, because it leads and no tab had the focus within this time. */
    mayNotify: (ms: number) => tabs.leads && !tabs.wasFocusedWithin(ms),

    /** The presence that the user has chosen. */
    presenceChoice: () => (topics.track("me"), model.choice),
    choosePresence: (presenceChoice: PresenceState) => tabs.choosePresence(presenceChoice),
    markRead(roomId: string, seq: number): void {
      const changed = applying.markRead(model, roomId, seq);
      if (!changed.length) return;
      invalidate(changed);
      const logId = logOf(roomId);
      markerRetry.send(roomId, () => api.markRead(roomId, seq, logId));
    },
    /** Marks the room as unread from a message on. */
    async markUnread({ roomId, seq }: Message): Promise<void> {
      await api.markUnread(roomId, seq, logOf(roomId));
      invalidate(applying.markUnread(model, roomId, seq));
    },
    /** A lost report does no harm: the server's typing state expires. */
    setTyping: (roomId: string, typing: boolean) => void api.setTyping(roomId, typing).catch(() => undefined),

    async saveProfile(changes: Parameters<Api["updateProfile"]>[0]): Promise<void> {
      invalidate(applying.applyMe(model, await api.updateProfile(changes)));
    },
  };
}
