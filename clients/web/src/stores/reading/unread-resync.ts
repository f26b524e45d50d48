// Loads unread counts where the model cannot know them.

import { onCleanup } from "solid-js";

import type { Api } from "../../api/calls";
import type { RoomSummary } from "../../domain/types";
import type { Topic } from "../model/apply";
import { serverCount } from "./unread";
import { tail, type Model } from "../model/model";
import { needsResync } from "../model/snapshot";
import type { ThreadMarkers } from "../threads/threads";

/** The pause before loading again, if an answer was outdated or lost. */
const RETRY_MS = 2_000;

interface Parts {
  readonly api: Pick<Api, "listRooms">;
  readonly model: Model;
  /** Whether the server knows how far the user has read in the threads of a room. */
  readonly threadsAcknowledged: (roomId: string) => boolean;
  readonly invalidate: (topics: readonly Topic[]) => void;
}

/** Returns a function to call after updates. Must be called where Solid can clean up. */
export function createUnreadResync({ api, model, threadsAcknowledged, invalidate }: Parts): () => void {
  let isLoading = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const isNeeded = () => !stopped && model.connection.kind === "live" && [...model.rooms.values()].some(needsResync);

  async function load(): Promise<void> {
    timer = undefined;
    isLoading = true;
    // The answer may not include markers that move from here on.
    for (const [roomId, { threads }] of model.rooms) if (threads.staleness === "some" && threadsAcknowledged(roomId)) threads.staleness = "asked";
    try {
      for (let next: string | undefined = ""; next !== undefined && isNeeded(); ) {
        const part = await api.listRooms(next);
        if (stopped) return;
        invalidate(part.items.flatMap((summary) => resyncUnread(model, summary)));
        next = part.next || undefined;
      }
    } catch {
      // Repeated below.
    }
    isLoading = false;
    if (isNeeded()) timer = setTimeout(() => void load(), RETRY_MS);
  }
  onCleanup(() => {
    stopped = true;
    clearTimeout(timer);
  });

  return () => {
    if (!isLoading && timer === undefined && isNeeded()) void load();
  };
}

/** Applies the server's count where ours may be wrong, unless it is older than what is loaded. */
export function resyncUnread(model: Model, { room, readSeq, unreadCount, unreadMore, unreadMentions, unreadThreads }: RoomSummary): Topic[] {
  const view = model.rooms.get(room.id);
  if (!view || !needsResync(view) || readSeq < view.readSeq || room.headSeq < tail(view).upTo) return [];
  if (view.countStale) {
    view.readSeq = readSeq;
    view.counted = serverCount(unreadCount, unreadMore, unreadMentions, room.headSeq);
    view.countStale = false;
  }
  if (view.threads.staleness === "asked") resyncThreads(view.threads, unreadThreads, room.headSeq);
  return ["rooms", `room:${room.id}`, `threads:${room.id}`];
}

/** Applies the server's count of unread threads up to a position. */
function resyncThreads(threads: ThreadMarkers, count: number, upTo: number): void {
  const { unread, resolved } = threads;
  threads.staleness = "none";
  threads.upTo = upTo;
  // Unread replies were deleted. In which threads is found out later.
  if (count < unread.size) {
    unread.clear();
    resolved.clear();
  }
  threads.counted = count - unread.size;
  for (const thread of unread.keys()) resolved.add(thread);
}
