import "../shared/deferred-icons";

import { Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { EmojiButton } from "../composer/EmojiButton";
import { explain, t } from "../i18n";
import { copyText } from "../shared/copy";
import { Icon } from "../shared/Icon";
import { Menu, type MenuItem } from "../shared/Menu";
import { attempt, toast } from "../shared/toast";
import { useRoom } from "../room/room-context";
import { roomPath } from "../shared/router";

/** The actions of a message; shown while it is hovered or focused. */
export default function MessageActions(props: { message: Message; active: boolean; time: string | undefined }) {
  const chat = useChat();
  const context = useRoom();
  const rights = () => chat.permissions(context.roomId);
  const isOwn = () => props.message.senderId === chat.me().id;
  const tab = () => (props.active ? 0 : -1);

  async function copyAndToast(text: string): Promise<void> {
    if (await copyText(text)) toast(t("copied"));
  }

  const items = (): MenuItem[] => {
    const { message } = props;
    const { roomId, seq, content, pin } = message;
    const text = content.kind === "text" ? content.text : "";
    const list: MenuItem[] = [];
    if (rights().write) list.push({ label: t("reply"), icon: "reply", act: () => context.composer().reply(message) });
    if (rights().write && !message.threadSeq) {
      list.push({ label: t("replyInThread"), icon: "thread", act: () => context.openThread(seq) });
    }
    if (rights().write && isOwn() && (text || message.attachments.length)) list.push({ label: t("edit"), icon: "edit", act: () => context.composer().edit(message) });
    if (text) list.push({ label: t("copyText"), icon: "copy", act: () => void copyAndToast(text) });
    list.push({ label: t("copyLink"), icon: "link", act: () => void copyAndToast(location.origin + roomPath(roomId, seq)) });
    if (rights().pin) {
      list.push({
        label: pin ? t("unpin") : t("pin"),
        icon: "pin",
        act: () => void attempt(chat.pin(message, !pin)),
      });
    }
    if (!message.threadSeq) {
      list.push({ label: t("markUnread"), icon: "unread", act: () => void attempt(chat.markUnread(message)) });
      if (!chat.peer(roomId)) list.push({ label: t("readByTitle"), icon: "eye", act: () => context.showReaders(message) });
    }
    if (message.reactions.length) {
      list.push({ label: t("reactionsTitle"), icon: "smile", act: () => context.showReactions(message) });
    }
    if (message.editedAt) {
      list.push({ label: t("versions"), icon: "clock", act: () => context.showVersions(message) });
    }
    if (rights().moderate || (rights().write && isOwn())) {
      list.push({
        label: t("delete"),
        icon: "trash",
        danger: true,
        separated: true,
        act: () => {
          if (context.composer().editTarget()?.seq === seq) context.composer().reset();
          chat.deletions.add(roomId, seq, (failure) => toast(explain(failure), true));
        },
      });
    }
    return list;
  };

  return (
    <>
      <div class="msg-action-bar">
        <Show when={rights().write}>
          <EmojiButton
            label={t("addReaction")}
            class="icon-button icon-button-small"
            tabIndex={tab()}
            onPick={(emoji) => void attempt(chat.react(props.message, emoji, true))}
          >
            <Icon name="smile" />
          </EmojiButton>
          <button
            type="button"
            class="icon-button icon-button-small"
            tabIndex={tab()}
            aria-label={t("reply")}
            title={t("reply")}
            onClick={() => context.composer().reply(props.message)}
          >
            <Icon name="reply" />
          </button>
        </Show>
        <Menu class="icon-button icon-button-small" label={t("messageMenu")} items={items()} tabIndex={tab()}>
          <Icon name="more" />
        </Menu>
      </div>
      <Show when={props.time}>{(time) => <time aria-hidden="true">{time()}</time>}</Show>
    </>
  );
}
