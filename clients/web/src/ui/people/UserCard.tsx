import "../shared/deferred-icons";

import { Show, onMount } from "solid-js";

import { useChat } from "../../stores/chat";
import { formatShort, formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { Avatar, PRESENCE_TEXT } from "../shared/Avatar";
import { Dialog } from "../shared/Dialog";
import { Icon } from "../shared/Icon";
import { attempt } from "../shared/toast";
import { navigate, roomPath } from "../shared/router";
import { MemberActions } from "./MemberActions";

/** What a user says about themselves, and what can be done with them. */
export default function UserCard(props: { userId: string; roomId: string; onClose: () => void }) {
  const chat = useChat();
  onMount(() => {
    // What is known already is shown if this fails.
    chat.api.getUser(props.userId).then(
      ({ user, presence }) => {
        chat.updateUsers([user]);
        if (presence) chat.updatePresences([presence]);
      },
      () => undefined,
    );
  });
  const me = () => props.userId === chat.me().id;
  const user = () => chat.user(props.userId);
  const blocked = () => chat.isBlocked(props.userId);
  const presence = () => chat.presence(props.userId);
  const presenceText = () => {
    const now = presence();
    if (!now) return "";
    return now.state === "offline" && now.lastSeenAt
      ? t("lastSeen", { time: formatShort(now.lastSeenAt) })
      : t(PRESENCE_TEXT[now.state]);
  };
  const write = () =>
    attempt(
      chat.api.openDirectRoom(props.userId).then((room) => (props.onClose(), navigate(roomPath(room.id)))),
    );
  return (
    <Dialog title={t("profileOf", { name: user()?.displayName ?? "" })} class="user-card" bare onClose={props.onClose}>
      <button type="button" class="icon-button user-close" aria-label={t("close")} onClick={() => props.onClose()}>
        <Icon name="close" />
      </button>
      <Show when={user()}>
        {(user) => (
          <>
            <Avatar id={user().id} name={user().displayName} photo={user().photoId} size="large" presence={presence()?.state} />
            <h2 dir="auto">{user().displayName}</h2>
            <p class="muted">
              <bdi>@{user().username}</bdi>
              <Show when={presenceText()}> · {presenceText()}</Show>
            </p>
            <Show when={user().statusText}>
              <p class="user-status" dir="auto">
                {user().statusText}
              </p>
            </Show>
            <Show when={user().bio}>
              <p class="user-bio" dir="auto">
                {user().bio}
              </p>
            </Show>
            <Show when={user().createdAt}>
              <p class="muted small">{t("memberSince", { date: formatTime(user().createdAt, "date") })}</p>
            </Show>
          </>
        )}
      </Show>
      <div class="user-actions">
        <button type="button" class="button button-primary" autofocus onClick={() => void write()}>
          <Icon name="chat" />
          {t(me() ? "notes" : "message")}
        </button>
        <Show when={!me()}>
          <button type="button" class="button" onClick={() => void attempt(chat.setBlocked(props.userId, !blocked()))}>
            <Icon name="ban" />
            {t(blocked() ? "unblock" : "block")}
          </button>
        </Show>
        <MemberActions roomId={props.roomId} userId={props.userId} />
      </div>
    </Dialog>
  );
}
