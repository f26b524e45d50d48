import { For, createEffect, on } from "solid-js";

import type { Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { formatCount } from "../format";
import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { createKeyed } from "../kit/keyed";
import { PagedList } from "../kit/PagedList";
import { Person } from "../people/People";

/** Who has reacted to a message, with what. */
export default function ReactedBy(props: { message: Message; onClose: () => void }) {
  const chat = useChat();
  const now = () => chat.message(props.message.roomId, props.message.seq) ?? props.message;
  const reactions = createKeyed(() => now().reactions, ({ emoji }) => emoji);
  createEffect(() => !now().reactions.length && props.onClose());
  return (
    <Dialog title={t("whoReacted")} onClose={props.onClose}>
      <div class="read-by">
        <For each={reactions.keys()}>
          {(emoji) => {
            const reaction = reactions.at(emoji);
            return (
              <section>
                <h3>
                  <span class="reacted-emoji">{emoji}</span> {formatCount({ count: reaction().count, more: false })}
                </h3>
                <Reactors message={now()} emoji={emoji} />
              </section>
            );
          }}
        </For>
      </div>
    </Dialog>
  );
}

/** Those who have put one emoji there; read anew when the message changes. */
function Reactors(props: { message: Message; emoji: string }) {
  const chat = useChat();
  const { roomId, seq } = props.message;
  const people = createPaged(
    (emoji: string, token) => chat.api.listReactions(roomId, seq, emoji, token),
    ({ userId }) => userId,
  );
  createEffect(on(() => props.message.changedSeq, () => void people.search(props.emoji)));
  return (
    <PagedList paged={people} class="plain-list" none="">
      {({ userId }) => <Person id={userId} />}
    </PagedList>
  );
}
