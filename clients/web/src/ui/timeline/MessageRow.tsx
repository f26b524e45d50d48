import { Show } from "solid-js";

import { useChat } from "../../state/chat";
import type { MessageRow } from "../../state/rows";
import { formatTime } from "../format";
import { t } from "../i18n";
import { Avatar } from "../kit/Avatar";
import { copy } from "../kit/copy";
import { Icon } from "../kit/Icon";
import { Menu, type MenuItem } from "../kit/Menu";
import { roomPath } from "../router";
import { Markdown } from "./Markdown";

export function MessageRowView(props: { row: MessageRow; flash: boolean; onUser: (userId: string) => void }) {
  const chat = useChat();
  const message = () => props.row.message;
  const sender = () => chat.user(message().senderId);
  const text = () => {
    const { content } = message();
    return content.kind === "text" ? content.text : undefined;
  };
  const time = () => formatTime(message().postedAt, "time");
  const items = (): MenuItem[] => [
    { label: t("copyText"), icon: "copy", act: () => void copy(text() ?? "") },
    {
      label: t("copyLink"),
      icon: "link",
      act: () => void copy(location.origin + roomPath(message().roomId, message().seq)),
    },
  ];
  return (
    <article
      class="msg"
      classList={{ "msg-mine": props.row.mine, "msg-first": props.row.first, "msg-flash": props.flash }}
      aria-label={`${sender()?.displayName ?? ""}, ${time()}`}
      tabIndex={-1}
    >
      <Show when={props.row.first && !props.row.mine}>
        <button
          type="button"
          class="msg-avatar"
          tabIndex={-1}
          aria-label={t("profileOf", { name: sender()?.displayName ?? "" })}
          onClick={() => props.onUser(message().senderId)}
        >
          <Avatar id={message().senderId} name={sender()?.displayName ?? ""} />
        </button>
      </Show>
      <div class="msg-col">
        <Show when={props.row.first}>
          <header class="msg-head">
            <Show when={!props.row.mine}>
              <button type="button" class="msg-name" dir="auto" onClick={() => props.onUser(message().senderId)}>
                {sender()?.displayName ?? "…"}
              </button>
            </Show>
            <time title={formatTime(message().postedAt, "full")}>{time()}</time>
          </header>
        </Show>
        <div class="msg-line">
          <div class="bubble">
            <Show when={text()} fallback={<p class="muted">{t("unknownMessage")}</p>}>
              {(text) => <Markdown text={text()} />}
            </Show>
          </div>
          <div class="msg-tools">
            <Menu class="icon-button icon-button-small" label={`${t("copyText")}, ${t("copyLink")}`} items={items()}>
              <Icon name="more" />
            </Menu>
            <Show when={!props.row.first}>
              <time aria-hidden="true">{time()}</time>
            </Show>
          </div>
        </div>
      </div>
    </article>
  );
}
