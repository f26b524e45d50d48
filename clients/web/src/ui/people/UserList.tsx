import { For, Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";

/** People by their ids, in lines. */
export function UserList(props: { ids: readonly string[] }) {
  return (
    <ul class="plain-list">
      <For each={props.ids}>{(id) => <UserListItem id={id} />}</For>
    </ul>
  );
}

/** One of them. */
export function UserListItem(props: { id: string }) {
  const chat = useChat();
  const user = () => chat.user(props.id);
  return (
    <li>
      <Avatar id={props.id} name={user()?.displayName ?? ""} photo={user()?.photoId} />
      <span class="member-text">
        <span class="member-name">
          <span class="clip" dir="auto">
            {user()?.displayName ?? "…"}
          </span>
          <Show when={props.id === chat.me().id}>
            <span class="muted">({t("you")})</span>
          </Show>
        </span>
        <bdi class="member-note clip">@{user()?.username}</bdi>
      </span>
    </li>
  );
}
