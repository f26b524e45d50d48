// Results of a search in a room, the newest first, updated by the room's log.

import { createEffect, createMemo, createSignal, on } from "solid-js";

import type { Message, ListPage, SearchRequest } from "../../domain/types";
import type { Chat } from "../chat";
import { createPagedList } from "../lists/paged-list";

/** The server may answer with an empty page before it has searched everything. Go on at most this often. */
const MAX_EMPTY_PAGES = 10;

export const createMessageSearch =
  (chat: Pick<Chat, "api">) =>
  async (request: SearchRequest, token: string): Promise<ListPage<Message>> => {
    let part = await chat.api.searchMessages(request, token);
    for (let i = 0; i < MAX_EMPTY_PAGES && !part.items.length && part.next; i++) {
      part = await chat.api.searchMessages(request, part.next);
    }
    return part;
  };

export const messageKey = ({ roomId, seq }: Message) => `${roomId}:${seq}`;

/** Newer messages for which `matches` is true are listed first: the index includes them a little later. */
export function createRoomSearch(chat: Chat, roomId: string, matches: (message: Message) => boolean = () => false) {
  const paged = createPagedList(createMessageSearch(chat), messageKey);
  const [newMessages, setNewMessages] = createSignal<ReadonlyMap<number, Message>>(new Map());

  createEffect(
    on(
      () => chat.timeline(roomId),
      (view) => {
        const added = [...(view?.messages.values() ?? [])].filter((it) => matches(it) && !newMessages().has(it.seq));
        // Kept here, since the model evicts what the timeline does not show.
        if (added.length) setNewMessages(new Map([...newMessages(), ...added.map((it) => [it.seq, it] as const)]));
      },
    ),
  );

  const items = createMemo(() => {
    const view = chat.timeline(roomId);
    const results = paged.items();
    const newest = results[0]?.seq ?? 0;
    const above = [...newMessages().values()].filter(({ seq }) => seq > newest).sort((a, b) => b.seq - a.seq);
    return [...above, ...results]
      .map((it) => {
        const now = view?.messages.get(it.seq);
        return now && now.changedSeq > it.changedSeq ? now : it;
      })
      .filter(({ content }) => content.kind === "text");
  });

  return { ...paged, items };
}
