// Where the model cannot know how much is unread, the server is asked.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { RoomSummary } from "../../domain/types";
import type { Topic } from "../model/apply";
import { countedBy } from "./unread";
import { tail, type Model } from "../model/model";
import { isDoubtful } from "../model/snapshot";
import type { ThreadMarks } from "../threads/threads";

/** Between two answers, if the first was overtaken by what happened meanwhile, or lost. */
const AGAIN_MS = 2_000;

interface Parts {
  readonly api: Pick<Api, "listRooms">;
  readonly model: Model;
  /** Whether the server knows how far the user has read in the threads of a room. */
  readonly toldThreads: (roomId: string) => boolean;
  readonly took: (touched: readonly Topic[]) => void;
}

/** Returns what is to be called when something has happened. Must be called where Solid can clean up. */
export function createRecount({ api, model, toldThreads, took }: Parts): () => void {
  let asking = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const inDoubt = () => !stopped && model.connection.kind === "live" && [...model.rooms.values()].some(isDoubtful);

  async function ask(): Promise<void> {
    timer = undefined;
    asking = true;
    // What is read from here on, the answer may not know of.
    for (const [roomId, { threads }] of model.rooms) if (threads.doubt === "some" && toldThreads(roomId)) threads.doubt = "asked";
    try {
      for (let next: string | undefined = ""; next !== undefined && inDoubt(); ) {
        const part = await api.listRooms(next);
        if (stopped) return;
        took(part.items.flatMap((summary) => recount(model, summary)));
        next = part.next || undefined;
      }
    } catch {
      // Asked again below.
    }
    asking = false;
    if (inDoubt()) timer = setTimeout(() => void ask(), AGAIN_MS);
  }
  onCleanup(() => {
    stopped = true;
    clearTimeout(timer);
  });

  return () => {
    if (!asking && timer === undefined && inDoubt()) void ask();
  };
}

/** Takes the server's count where it could not be known; refuses one that is older than what is known. */
export function recount(model: Model, { room, readSeq, unreadCount, unreadMore, unreadMentions, unreadThreads }: RoomSummary): Topic[] {
  const view = model.rooms.get(room.id);
  if (!view || !isDoubtful(view) || readSeq < view.readSeq || room.headSeq < tail(view).upTo) return [];
  if (view.doubtful) {
    view.readSeq = readSeq;
    view.counted = countedBy(unreadCount, unreadMore, unreadMentions, room.headSeq);
    view.doubtful = false;
  }
  if (view.threads.doubt === "asked") threadsCounted(view.threads, unreadThreads, room.headSeq);
  return ["rooms", `room:${room.id}`, `threads:${room.id}`];
}

/** The server has counted anew, up to a position. */
function threadsCounted(threads: ThreadMarks, count: number, upTo: number): void {
  const { unread, found } = threads;
  threads.doubt = "none";
  threads.upTo = upTo;
  // Answers that were unread here are deleted by now: in which threads will show.
  if (count < unread.size) {
    unread.clear();
    found.clear();
  }
  threads.counted = count - unread.size;
  for (const thread of unread.keys()) found.add(thread);
}
