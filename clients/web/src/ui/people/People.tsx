import { For, Show } from "solid-js";

import { useChat } from "../../state/chat";
import { t } from "../i18n";
import { Avatar } from "../kit/Avatar";

/** People by their ids, in lines. */
export function People(props: { ids: readonly string[] }) {
  const chat = useChat();
  return (
    <ul class="plain-list">
      <For each={props.ids}>
        {(id) => (
          <li>
            <Avatar id={id} name={chat.user(id)?.displayName ?? ""} photo={chat.user(id)?.photoId} />
            <span class="member-text">
              <span class="member-name">
                <span class="clip" dir="auto">
                  {chat.user(id)?.displayName ?? "…"}
                </span>
                <Show when={id === chat.me().id}>
                  <span class="muted">({t("you")})</span>
                </Show>
              </span>
              <bdi class="member-note clip">@{chat.user(id)?.username}</bdi>
            </span>
          </li>
        )}
      </For>
    </ul>
  );
}
