import { Show, Suspense } from "solid-js";

import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { PRESENCE_TEXT } from "../shared/Avatar";
import { Icon } from "../shared/Icon";
import { RoomAvatar } from "./RoomAvatar";
import { useRoom } from "./room-context";
import { lazy } from "../shared/lazy";

const OtherRoomsBadge = lazy(() => import("./OtherRoomsBadge"));
const RoomMenu = lazy(() => import("./RoomMenu"));

export type PanelName = "members" | "pins" | "thread" | "files" | "search" | undefined;

export function RoomHeader(props: { panel: PanelName; onPanel: (panel: PanelName) => void }) {
  const chat = useChat();
  const { roomId } = useRoom();
  const view = () => chat.room(roomId);
  const peer = () => chat.peer(roomId);

  const note = () => {
    const now = view();
    if (!now) return "";
    const person = peer();
    if (person === chat.me().id) return t("notesHint");
    if (person) {
      const { state = "offline", lastSeenAt = 0 } = chat.presence(person) ?? {};
      return lastSeenAt ? t("lastSeen", { time: formatTime(lastSeenAt, "short") }) : t(PRESENCE_TEXT[state]);
    }
    const all = t("members", { count: now.room.memberCount });
    return now.onlineCount ? [all, <span class="room-head-online"> · {t("online", { count: now.onlineCount })}</span>] : all;
  };

  return (
    <header class="room-head">
      <a class="icon-button back" href="/">
        <Icon name="back" />
        <span class="sr-only">{t("back")}</span>
        <Suspense>
          <OtherRoomsBadge />
        </Suspense>
      </a>
      <RoomAvatar roomId={roomId} />
      <div class="room-head-text">
        <div class="room-head-name">
          <h1 dir="auto">{chat.title(roomId)}</h1>
          <Show when={view()?.room.kind === "private"}>
            <span title={t("privateRoom")}>
              <Icon name="lock" />
              <span class="sr-only">{t("privateRoom")}</span>
            </span>
          </Show>
        </div>
        <p class="room-head-note">
          <Show when={view()?.room.topic}>
            {(topic) => (
              <>
                <span class="clip" dir="auto" title={topic()}>
                  {topic()}
                </span>
                <span aria-hidden="true">·</span>
              </>
            )}
          </Show>
          <span>{note()}</span>
        </p>
      </div>
      <Show when={!peer()}>
        <button
          type="button"
          class="icon-button"
          aria-label={props.panel === "members" ? t("hideMembers") : t("showMembers")}
          title={props.panel === "members" ? t("hideMembers") : t("showMembers")}
          aria-pressed={props.panel === "members"}
          onClick={() => props.onPanel("members")}
        >
          <Icon name="users" />
        </button>
      </Show>
      <Suspense fallback={<span class="icon-button" />}>
        <RoomMenu onPanel={props.onPanel} />
      </Suspense>
    </header>
  );
}
