import { For, Show, onCleanup } from "solid-js";

import type { Message, Reaction } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { EmojiButton } from "../composer/EmojiButton";
import { formatCount, formatList } from "../i18n/format-values";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { createKeyed } from "../shared/keyed";
import { attempt } from "../shared/toast";
import { useRoom } from "../room/room-context";

/** A touch of this length shows who has reacted. */
const HOLD_MS = 450;

/** The reactions of a message: a click adds or removes the user's own, a long press or the menu key shows who has reacted. */
export default function Reactions(props: { message: Message }) {
  const chat = useChat();
  const { showReactions } = useRoom();
  const reactions = createKeyed(() => props.message.reactions, ({ emoji }) => emoji);
  const canReact = () => chat.permissions(props.message.roomId).write;
  const isOwn = (it: Reaction) => it.mine ?? false;
  const names = ({ userIds, count, mine }: Reaction) => {
    const me = chat.me().id;
    const ids = mine && !userIds.includes(me) ? [me, ...userIds] : userIds;
    const displayNames = ids.map((id) => (id === me ? t("you") : chat.user(id)?.displayName ?? "…"));
    const others = count - displayNames.length;
    return formatList(others > 0 ? [...displayNames, t("others", { count: others })] : displayNames);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The press was handled: ignore the click that ends it and its context menu. */
  let isLongPress = false;
  const openDialog = () => {
    if (!isLongPress) showReactions(props.message);
    isLongPress = true;
  };
  const release = () => clearTimeout(timer);
  onCleanup(release);
  return (
    <>
      <For each={reactions.keys()}>
        {(emoji) => {
          const reaction = reactions.at(emoji);
          return (
            <button
              type="button"
              class="reaction"
              aria-pressed={isOwn(reaction())}
              aria-label={t("reactedWith", { emoji, count: reaction().count, names: names(reaction()) })}
              title={names(reaction())}
              onPointerDown={({ pointerType }) => {
                isLongPress = false;
                if (pointerType === "touch") timer = setTimeout(openDialog, HOLD_MS);
              }}
              onPointerUp={release}
              onPointerCancel={release}
              onContextMenu={(event) => {
                event.preventDefault();
                // From the keyboard no press comes before it.
                if (event.pointerType !== "touch") isLongPress = false;
                openDialog();
              }}
              onClick={({ detail }) => {
                if (isLongPress && detail) return;
                if (canReact()) void attempt(chat.react(props.message, emoji, !isOwn(reaction())));
                else showReactions(props.message);
              }}
            >
              <span aria-hidden="true">{emoji}</span>
              <span class="reaction-count">{formatCount({ count: reaction().count, more: false })}</span>
            </button>
          );
        }}
      </For>
      <Show when={canReact()}>
        <EmojiButton
          label={t("addReaction")}
          class="reaction reaction-add"
          tabIndex={-1}
          onPick={(emoji) => void attempt(chat.react(props.message, emoji, true))}
        >
          <Icon name="smile" />
        </EmojiButton>
      </Show>
    </>
  );
}
