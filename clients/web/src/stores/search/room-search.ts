// Messages of a room that a search finds, the newest first; true to what the
// room's log has told since.

import { createEffect, createMemo, createSignal, on } from "solid-js";

import type { Message, ListPage, SearchRequest } from "../../domain/types";
import type { Chat } from "../chat";
import { createPaged } from "../lists/paged-list";

/** The server answers after a share of work, perhaps with nothing yet: go on this often by oneself. */
const MOST_TURNS = 10;

export const searching =
  (chat: Pick<Chat, "api">) =>
  async (sought: SearchRequest, token: string): Promise<ListPage<Message>> => {
    let part = await chat.api.searchMessages(sought, token);
    for (let i = 0; i < MOST_TURNS && !part.items.length && part.next; i++) {
      part = await chat.api.searchMessages(sought, part.next);
    }
    return part;
  };

export const keyOf = ({ roomId, seq }: Message) => `${roomId}:${seq}`;

/** What `joins` and is newer than all that was found stands above it: the index has it a little later. */
export function createFound(chat: Chat, roomId: string, joins: (message: Message) => boolean = () => false) {
  const paged = createPaged(searching(chat), keyOf);
  const [told, setTold] = createSignal<ReadonlyMap<number, Message>>(new Map());

  createEffect(
    on(
      () => chat.timeline(roomId),
      (view) => {
        const fresh = [...(view?.messages.values() ?? [])].filter((it) => joins(it) && !told().has(it.seq));
        // Kept, for the model forgets what the timeline does not show.
        if (fresh.length) setTold(new Map([...told(), ...fresh.map((it) => [it.seq, it] as const)]));
      },
    ),
  );

  const items = createMemo(() => {
    const view = chat.timeline(roomId);
    const read = paged.items();
    const newest = read[0]?.seq ?? 0;
    const above = [...told().values()].filter(({ seq }) => seq > newest).sort((a, b) => b.seq - a.seq);
    return [...above, ...read]
      .map((it) => {
        const now = view?.messages.get(it.seq);
        return now && now.changedSeq > it.changedSeq ? now : it;
      })
      .filter(({ content }) => content.kind === "text");
  });

  return { ...paged, items };
}
