import { For, Show } from "solid-js";

import type { Message, Reaction } from "../../nouns";
import { useChat } from "../../state/chat";
import { EmojiButton } from "../emoji/EmojiButton";
import { formatCount, formatList } from "../format";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { attempt } from "../kit/toast";

/** As many names as a hint can hold. */
const MOST_NAMES = 12;

/** The emoji under a message; a click adds one's own or takes it away. */
export function Reactions(props: { message: Message }) {
  const chat = useChat();
  const may = () => chat.rights(props.message.roomId).write;
  const mine = ({ userIds }: Reaction) => userIds.includes(chat.me().id);
  const names = ({ userIds, count }: Reaction) => {
    const known = userIds.slice(0, MOST_NAMES).map((id) => (id === chat.me().id ? t("you") : chat.user(id)?.displayName ?? "…"));
    const others = count - known.length;
    return formatList(others > 0 ? [...known, t("others", { count: others })] : known);
  };
  return (
    <div class="reactions">
      <For each={props.message.reactions}>
        {(reaction) => (
          <button
            type="button"
            class="reaction"
            aria-pressed={mine(reaction)}
            aria-label={t("reactedWith", { emoji: reaction.emoji, count: reaction.count, names: names(reaction) })}
            title={names(reaction)}
            disabled={!may()}
            onClick={() => void attempt(chat.react(props.message, reaction.emoji, !mine(reaction)))}
          >
            <span aria-hidden="true">{reaction.emoji}</span>
            <span class="reaction-count">{formatCount({ count: reaction.count, more: false })}</span>
          </button>
        )}
      </For>
      <Show when={may()}>
        <EmojiButton
          label={t("addReaction")}
          class="reaction reaction-add"
          tabIndex={-1}
          onPick={(emoji) => void attempt(chat.react(props.message, emoji, true))}
        >
          <Icon name="smile" />
        </EmojiButton>
      </Show>
    </div>
  );
}
