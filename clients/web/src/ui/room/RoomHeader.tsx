import { Show, Suspense, createSignal, lazy } from "solid-js";

import { useChat } from "../../state/chat";
import { t } from "../i18n";
import { Avatar } from "../kit/Avatar";
import { Icon } from "../kit/Icon";
import { Menu, type MenuItem } from "../kit/Menu";

const EditRoom = lazy(() => import("./EditRoom"));
const LeaveRoom = lazy(() => import("./LeaveRoom"));

export function RoomHeader(props: { roomId: string; membersShown: boolean; onToggleMembers: () => void }) {
  const chat = useChat();
  const [dialog, setDialog] = createSignal<"edit" | "leave">();
  const view = () => chat.room(props.roomId);
  const close = () => setDialog(undefined);
  const items = (): MenuItem[] => [
    ...(view()?.role === "member" ? [] : [{ label: t("editRoom"), icon: "edit", act: () => setDialog("edit") } as const]),
    { label: t("leaveRoom"), icon: "leave", danger: true, act: () => setDialog("leave") },
  ];
  const counts = () => {
    const now = view();
    if (!now) return "";
    const all = t("members", { count: now.room.memberCount });
    return now.onlineCount ? `${all} · ${t("online", { count: now.onlineCount })}` : all;
  };
  return (
    <header class="room-head">
      <a class="icon-button back" href="/" aria-label={t("back")}>
        <Icon name="back" />
      </a>
      <Avatar id={props.roomId} name={view()?.room.name ?? ""} shape="room" />
      <div class="room-head-text">
        <h1 dir="auto">{view()?.room.name}</h1>
        <p title={view()?.room.topic} dir="auto">
          <Show when={view()?.room.topic}>{(topic) => <>{topic()} · </>}</Show>
          {counts()}
        </p>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={props.membersShown ? t("hideMembers") : t("showMembers")}
        title={props.membersShown ? t("hideMembers") : t("showMembers")}
        aria-pressed={props.membersShown}
        onClick={() => props.onToggleMembers()}
      >
        <Icon name="users" />
      </button>
      <Menu class="icon-button" label={t("roomMenu")} items={items()}>
        <Icon name="more" />
      </Menu>
      <Suspense>
        <Show when={dialog() === "edit"}>
          <EditRoom roomId={props.roomId} onClose={close} />
        </Show>
        <Show when={dialog() === "leave"}>
          <LeaveRoom roomId={props.roomId} onClose={close} />
        </Show>
      </Suspense>
    </header>
  );
}
