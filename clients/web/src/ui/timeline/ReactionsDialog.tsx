import { For, createEffect, createMemo, on, onCleanup } from "solid-js";

import type { Message, Reaction } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { formatCount } from "../i18n/format-values";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { createKeyed } from "../shared/keyed";
import { PagedList } from "../shared/PagedList";
import { UserListItem } from "../people/UserList";

/** Several changes at once are read once. */
const DEBOUNCE_MS = 80;

/** Who has reacted to a message, with what. */
export default function ReactionsDialog(props: { message: Message; onClose: () => void }) {
  const chat = useChat();
  const now = () => chat.message(props.message.roomId, props.message.seq) ?? props.message;
  const reactions = createKeyed(() => now().reactions, ({ emoji }) => emoji);
  createEffect(() => !now().reactions.length && props.onClose());
  return (
    <Dialog title={t("reactionsTitle")} onClose={props.onClose}>
      <div class="readers">
        <For each={reactions.keys()}>
          {(emoji) => {
            const reaction = reactions.at(emoji);
            return (
              <section>
                <h3>
                  <span class="reaction-emoji">{emoji}</span> {formatCount({ count: reaction().count, more: false })}
                </h3>
                <Reactors message={props.message} reaction={reaction()} />
              </section>
            );
          }}
        </For>
      </div>
    </Dialog>
  );
}

/** The users of one reaction; loaded again when they change. */
function Reactors(props: { message: Message; reaction: Reaction }) {
  const chat = useChat();
  const { roomId, seq } = props.message;
  const people = createPagedList((emoji: string, token) => chat.api.listReactions(roomId, seq, emoji, token));
  const who = () => [props.reaction.count, ...props.reaction.userIds].join(" ");
  createEffect(
    on(createMemo(who), () => {
      const timer = setTimeout(() => void people.load(props.reaction.emoji), people.isLoaded() ? DEBOUNCE_MS : 0);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  return (
    <PagedList paged={people} class="plain-list" none="">
      {({ userId }) => <UserListItem id={userId} />}
    </PagedList>
  );
}
