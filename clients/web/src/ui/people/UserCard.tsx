import { Show, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { formatShort, formatTime } from "../format";
import { t } from "../i18n";
import { Avatar, PRESENCE_TEXT } from "../kit/Avatar";
import { Dialog } from "../kit/Dialog";

/** What a user says about themselves. */
export function UserCard(props: { userId: string; onClose: () => void }) {
  const chat = useChat();
  onMount(() => {
    // What is known already is shown if this fails.
    chat.api.getUser(props.userId).then(
      ({ user, presence }) => {
        chat.tookUsers([user]);
        if (presence) chat.tookPresences([presence]);
      },
      () => undefined,
    );
  });
  const user = () => chat.user(props.userId);
  const presence = () => chat.presence(props.userId);
  const seen = () => {
    const now = presence();
    if (!now) return "";
    return now.state === "offline" && now.lastSeenAt
      ? t("lastSeen", { time: formatShort(now.lastSeenAt) })
      : t(PRESENCE_TEXT[now.state]);
  };
  return (
    <Dialog title={t("profileOf", { name: user()?.displayName ?? "" })} class="user-card" bare onClose={props.onClose}>
      <Show when={user()}>
        {(user) => (
          <>
            <Avatar id={user().id} name={user().displayName} size="large" presence={presence()?.state} />
            <h2 dir="auto">{user().displayName}</h2>
            <p class="muted">
              <bdi>@{user().username}</bdi>
              <Show when={seen()}> · {seen()}</Show>
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
      <button type="button" class="button button-wide" onClick={() => props.onClose()}>
        {t("close")}
      </button>
    </Dialog>
  );
}
