// Where the model cannot know how much is unread, the server is asked.

import { onCleanup } from "solid-js";

import type { Api } from "../api/calls";
import type { RoomSummary } from "../nouns";
import type { Topic } from "./apply";
import { countedBy } from "./marks";
import { tail, type Model } from "./model";

/** Between two answers, if the first was overtaken by what happened meanwhile, or lost. */
const AGAIN_MS = 2_000;

interface Parts {
  readonly api: Pick<Api, "listRooms">;
  readonly model: Model;
  readonly took: (touched: readonly Topic[]) => void;
}

/** Returns what is to be called when something has happened. */
export function createRecount({ api, model, took }: Parts): () => void {
  let asking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const inDoubt = () => model.connection.kind === "live" && [...model.rooms.values()].some(({ doubtful }) => doubtful);

  async function ask(): Promise<void> {
    timer = undefined;
    asking = true;
    try {
      for (let next: string | undefined = ""; next !== undefined && inDoubt(); ) {
        const part = await api.listRooms(next);
        took(part.items.flatMap((summary) => (model.rooms.get(summary.room.id)?.doubtful ? recount(model, summary) : [])));
        next = part.next || undefined;
      }
    } catch {
      // Asked again below.
    }
    asking = false;
    if (inDoubt()) timer = setTimeout(() => void ask(), AGAIN_MS);
  }
  onCleanup(() => clearTimeout(timer));

  return () => {
    if (!asking && timer === undefined && inDoubt()) void ask();
  };
}

/** Takes the server's count where it could not be known; refuses one that is older than what is known. */
export function recount(model: Model, { room, readSeq, unreadCount, unreadMore, unreadMentions }: RoomSummary): Topic[] {
  const view = model.rooms.get(room.id);
  if (!view || readSeq < view.readSeq || room.headSeq < tail(view).upTo) return [];
  view.readSeq = readSeq;
  view.counted = countedBy(unreadCount, unreadMore, unreadMentions, room.headSeq);
  view.doubtful = false;
  return ["rooms", `room:${room.id}`];
}
