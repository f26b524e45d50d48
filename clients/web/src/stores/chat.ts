// The state of a signed-in page: the model, what listens to it, and what a user
// can do.

import { createContext, createEffect, createMemo, createSignal, onCleanup, useContext } from "solid-js";

import type { Api } from "../api/calls";
import type { Message, Page, Presence, PresenceState, Unsent, User } from "../domain/types";
import { randomId } from "../domain/random-id";
import { TabSync } from "../sync/tab-sync";
import type { Update } from "../sync/update";
import type { AppContext } from "./session/app-context";
import * as applying from "./model/apply";
import { createAllBegun } from "./composer/composer-state";
import { Doomed } from "./messages/pending-deletions";
import { Drafts } from "./composer/drafts";
import { emptyModel, type RoomView } from "./model/model";
import { NOTHING_UNREAD, unread, type Unread } from "./reading/unread";
import { createLinks } from "./files/download-links";
import { reachedByAll, readBeyond, type Reached } from "./reading/read-markers";
import { hasNamesake } from "./people/name-collisions";
import { People } from "./people/user-loader";
import { createQuotes } from "./messages/message-loader";
import type { Range } from "./model/ranges";
import { createRole } from "./session/account-role";
import { createRooms } from "./rooms/rooms";
import { createThreads } from "./threads/threads";
import { Topics } from "./model/topics";
import { createUntold } from "./reading/read-marker-retry";
import type { Upkeep, createUpkeep } from "./model/deferred-effects";

/** Messages asked for at once. */
export const PAGE = 50;

/** Where what is loaded later does not come at all, the page must not grow for ever. */
const MOST_EARLY = 1_000;

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
  const took = (touched: readonly applying.Topic[]) => topics.touch(touched);
  const people = new People(api, (users) => took(applying.applyUsers(model, users)));
  onCleanup(() => people.stop());
  const untold = createUntold(model);
  /** Asked for while the stream is still being opened, so that one need not wait for both in turn. */
  const ahead = new Map<string, Promise<Page | undefined>>();
  const user = (id: string): User | undefined => {
    topics.track(`user:${id}`);
    const found = model.users.get(id);
    if (!found) people.want(id);
    return found;
  };
  const arrivals = new Set<(message: Message) => void>();
  /** Those that nobody was told of yet. */
  const departures: (readonly [room: string, banned: boolean])[] = [];
  let tellDeparture = (...departure: (typeof departures)[0]): void => {
    departures.push(departure);
  };
  const bans = new Set<string>();
  /** What others did to the user's membership, told while the room's name is still known. */
  const tellDepartures = (updates: readonly Update[]) => {
    for (const update of updates) {
      if (update.kind !== "change") continue;
      const { member, message, roomId } = update.change;
      if (member?.user.id !== model.me.id || member.state === "joined" || message?.senderId === model.me.id) continue;
      const banned = member.state === "banned";
      if (banned) bans.add(roomId);
      const name = model.rooms.get(roomId)?.room.name ?? "";
      tellDeparture(name, banned);
    }
  };
  /** Counts how often all positions have become others. */
  const [resets, setResets] = createSignal(0);
  /** What refers to positions of a store that is another one now. */
  const forget = () => (ahead.clear(), untold.forget(), people.forget(), doomed.callOff(), begun.forget(), setResets(resets() + 1));
  const threads = createThreads({ api, model, topics, untold });
  let upkeep: Upkeep | undefined;
  /** What came before it was loaded. */
  const early: Update[] = [];
  let unkept = () => {};
  const live: TabSync = new TabSync({
    api,
    session,
    onUpdates: (updates) => {
      tellDepartures(updates);
      const anew = updates.some((update) => applying.isAnew(model, update));
      if (anew) forget();
      took(updates.flatMap((update) => applying.apply(model, update)));
      // What waits may come from before a reload.
      if (anew || updates.some(({ kind }) => kind === "ready")) live.dropPositions(model.epoch, anew);
      for (const update of updates) {
        const view = readBeyond(model, update);
        if (view) untold.tell(view.room.id, () => api.markRead(view.room.id, view.readSeq, view.room.logId));
      }
      if (updates.some((update) => update.kind === "connection" && update.state.kind === "live")) untold.again();
      if (upkeep) upkeep.after(updates);
      else if (early.length < MOST_EARLY) early.push(...updates);
    },
    onNotStored: () => unkept(),
    snapshot: (told) => upkeep?.snapshot(told),
  });
  live.start();
  onCleanup(() => live.stop());

  const me = () => (topics.track("me"), model.me);
  const account = createRole(api);
  createEffect(() => session.updateUser(me()));
  /** The log that positions of a room are of, as it is shown now. */
  const logOf = (roomId: string) => model.rooms.get(roomId)?.room.logId ?? "";
  const tookMessage = (message: Message) => took(applying.applyMessages(model, [message]));
  const doomed = new Doomed(model.me.id, (roomId, seq) => api.deleteMessage(roomId, seq, logOf(roomId)).then(tookMessage), model);
  onCleanup(() => doomed.stop());
  const drafts = new Drafts(model.me.id);
  onCleanup(() => drafts.stop());
  const begun = createAllBegun(drafts);
  const rooms = createMemo(() => {
    topics.track("rooms");
    return [...model.rooms.values()].map((view) => ({ view, room: view.room, unread: unread(view, model.me.id) }));
  });

  return {
    api,
    drafts,
    begun,
    resets,
    me,
    rooms,
    connection: () => (topics.track("connection"), model.connection),
    outbox: () => (topics.track("outbox"), model.outbox),
    /** What the server does not have yet, or has refused. */
    unsent: () => (topics.track("outbox"), model.outbox.filter(({ sentSeq }) => !sentSeq)),
    typing: (roomId: string) => (topics.track(`typing:${roomId}`), model.typing.get(roomId) ?? []),
    members: (roomId: string) => topics.track(`members:${roomId}`),
    threadTouched: (roomId: string, seq: number) => topics.track(`thread:${roomId}:${seq}`),
    /** How many other members have got and read what stands at a position. */
    reached(roomId: string, seq: number): { delivered: number; read: number } {
      topics.track(`receipts:${roomId}`);
      const marks = [...(model.rooms.get(roomId)?.receipts.values() ?? [])];
      return {
        delivered: marks.filter((mark) => mark.deliveredSeq >= seq).length,
        read: marks.filter((mark) => mark.readSeq >= seq).length,
      };
    },
    /** Up to where all others have got and read. */
    reachedByAll(roomId: string): Reached | undefined {
      topics.track(`receipts:${roomId}`);
      topics.track(`room:${roomId}`);
      const view = model.rooms.get(roomId);
      return view && reachedByAll(view);
    },
    receiptsTouched: (roomId: string) => topics.track(`receipts:${roomId}`),
    async saveSettings(roomId: string, changes: Parameters<Api["updateRoomPreferences"]>[1]): Promise<void> {
      took(applying.applySettings(model, await api.updateRoomPreferences(roomId, changes)));
    },
    pinsTouched: (roomId: string) => topics.track(`pins:${roomId}`),

    /** The room's view; look at its messages only after `timeline`. */
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
    /** Undefined while the name is on its way. */
    user,
    hasNamesake: (id: string) => (topics.track(`user:${id}`), hasNamesake(model, id)),
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
      tellBlocked: (ids) => live.broadcastBlocked(ids),
      readBlocks: () => upkeep?.readBlocks(),
    }),
    ...createQuotes({ api, model, topics, doomed }),
    ...threads,
    ...account,
    link: createLinks({ api, topics }),
    doomed,

    tookUsers: (users: readonly User[]) => took(applying.applyUsers(model, users)),
    tookPresences: (presences: readonly Presence[]) =>
      took(presences.flatMap((presence) => applying.apply(model, { kind: "presence", presence }))),
    /** What lies far from a stretch that is shown need not be kept. */
    forget: (roomId: string, keep: Range) => upkeep?.forget(roomId, keep),
    /** Says that a room's messages are on the screen, until what it returns is called. */
    show(roomId: string): () => void {
      model.shown.add(roomId);
      return () => model.shown.delete(roomId);
    },
    readAhead(roomId: string): void {
      ahead.set(roomId, api.listMessages(roomId, undefined, PAGE).catch(() => undefined));
    },
    /** The newest page, if it was asked for; once. */
    takeAhead(roomId: string): Promise<Page | undefined> | undefined {
      const page = ahead.get(roomId);
      ahead.delete(roomId);
      return page;
    },
    tookPage: (roomId: string, page: Page, cover: { after: number; upTo: number }) => {
      took(applying.applyPage(model, roomId, page, cover));
      upkeep?.outdated(page.messages);
    },

    send(roomId: string, text: string, { replyTo = 0, threadSeq = 0, attachmentIds = [] as string[] } = {}): void {
      live.send({ clientMessageId: randomId(), roomId, text, replyTo, threadSeq, epoch: model.epoch, attachmentIds, at: Date.now() });
    },
    edit: async ({ roomId, seq }: Message, text: string) => tookMessage(await api.editMessage(roomId, seq, text, logOf(roomId))),
    react: async ({ roomId, seq }: Message, emoji: string, on: boolean) =>
      tookMessage(await api.react(roomId, seq, emoji, on, logOf(roomId))),
    pin: async ({ roomId, seq }: Message, on: boolean) => tookMessage(await api.pin(roomId, seq, on, logOf(roomId))),
    /** A message that was refused, once more. */
    resend: (message: Unsent) => live.send(message),
    discard: (id: string) => live.discard(id),
    /** Signs out. Nothing that only this user should read stays in the browser. */
    async leave(): Promise<void> {
      await doomed.carryOut();
      for (const { message } of model.outbox) live.discard(message.clientMessageId);
      drafts.clear();
      session.signOut();
    },
    /** Calls for each message that notifies. */
    onArrival(tell: (message: Message) => void): void {
      arrivals.add(tell);
      onCleanup(() => arrivals.delete(tell));
    },
    /** Calls when others have taken the user out of a room; also of what has happened before. */
    onDeparture(tell: (room: string, banned: boolean) => void): void {
      tellDeparture = tell;
      for (const departure of departures.splice(0)) tell(...departure);
    },
    /** Whether the user was banned from a room since the page was opened. */
    isBanned: (roomId: string) => (topics.track(`room:${roomId}`), bans.has(roomId)),
    /** Begins what need not be there at first. Must be called where Solid can clean up. */
    keepUp(create: typeof createUpkeep): void {
      upkeep = create({ api, model, live, took, toldThreads: untold.toldThreads, follows: threads.follows, tell: (message) => arrivals.forEach((tell) => tell(message)) });
      upkeep.after(early.splice(0));
    },
    /** Calls when a message that waits will be lost with this page. */
    onUnkept: (tell: () => void) => (unkept = tell),
    watch: (roomIds: string[]) => live.watch(roomIds),
    active: () => live.recordActivity(),
    nudge: () => live.retryNow(),
    attend: (here: boolean) => live.reportFocus(here),
    /** Whether this tab tells what comes, as nobody has looked at any within this time. */
    tells: (ms: number) => live.leads && !live.wasFocusedWithin(ms),

    /** How the user has chosen to be seen. */
    choice: () => (topics.track("me"), model.choice),
    choose: (choice: PresenceState) => live.choosePresence(choice),
    markRead(roomId: string, seq: number): void {
      const touched = applying.markRead(model, roomId, seq);
      if (!touched.length) return;
      took(touched);
      const logId = logOf(roomId);
      untold.tell(roomId, () => api.markRead(roomId, seq, logId));
    },
    /** From a message on, to come back to it. */
    async markUnread({ roomId, seq }: Message): Promise<void> {
      await api.markUnread(roomId, seq, logOf(roomId));
      took(applying.markUnread(model, roomId, seq));
    },
    /** Lost, it does no harm: the server forgets it by itself. */
    setTyping: (roomId: string, typing: boolean) => void api.setTyping(roomId, typing).catch(() => undefined),

    async saveProfile(changes: Parameters<Api["updateProfile"]>[0]): Promise<void> {
      took(applying.applyMe(model, await api.updateProfile(changes)));
    },
  };
}
