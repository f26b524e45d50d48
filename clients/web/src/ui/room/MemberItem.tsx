import { Show } from "solid-js";

import type { Member } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";

export function MemberItem(props: { member: Member; onOpen: () => void }) {
  const chat = useChat();
  const user = () => chat.user(props.member.user.id) ?? props.member.user;
  const presence = () => chat.presence(props.member.user.id)?.state ?? "offline";
  return (
    <li>
      <button type="button" class="member" classList={{ "is-offline": presence() === "offline" }} onClick={() => props.onOpen()}>
        <Avatar id={user().id} name={user().displayName} photo={user().photoId} presence={presence()} />
        <span class="member-text">
          <span class="member-name">
            <span class="clip" dir="auto">
              {user().displayName}
            </span>
            <Show when={user().id === chat.me().id}>
              <span class="muted"> ({t("you")})</span>
            </Show>
            <Show when={props.member.role !== "member"}>
              <span class="tag">{props.member.role === "owner" ? t("owner") : t("admin")}</span>
            </Show>
          </span>
          <span class="member-note clip" dir="auto">
            {user().statusText || `@${user().username}`}
          </span>
        </span>
      </button>
    </li>
  );
}
