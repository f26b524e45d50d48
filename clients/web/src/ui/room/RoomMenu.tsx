import "../shared/deferred-icons";

import { Show, Suspense, createSignal, onMount } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { ErrorBoundary } from "../shared/ErrorBoundary";
import { lazy } from "../shared/lazy";
import { Menu, type MenuItem } from "../shared/Menu";
import { attempt } from "../shared/toast";
import type { PanelName } from "./RoomHeader";
import { useRoom } from "./room-context";

const EditRoom = lazy(() => import("./EditRoom"));
const LeaveRoom = lazy(() => import("./LeaveRoom"));
const ArchiveRoom = lazy(() => import("./ArchiveRoom"));
const AddMembers = lazy(() => import("./AddMembers"));
const InvitesDialog = lazy(() => import("./InvitesDialog"));
const RoomNotificationsDialog = lazy(() => import("./RoomNotificationsDialog"));
const BansDialog = lazy(() => import("./BansDialog"));

type Dialog = "edit" | "leave" | "archive" | "add" | "bans" | "invites" | "notify";
/** The menu of a room. */
export default function RoomMenu(props: { onPanel: (panel: PanelName) => void }) {
  const chat = useChat();
  const { roomId, openUser, openDateDialog } = useRoom();
  const [dialog, setDialog] = createSignal<Dialog>();
  const view = () => chat.room(roomId);
  const rights = () => chat.permissions(roomId);
  const close = () => setDialog(undefined);
  // By a role on the server one may do more in public rooms.
  onMount(() => view()?.room.kind === "public" && chat.loadRole());

  const items = (): MenuItem[] => {
    const list: MenuItem[] = [{ label: t("pins"), icon: "pin", act: () => props.onPanel("pins") }];
    list.push({ label: t("files"), icon: "file", act: () => props.onPanel("files") });
    list.push({ label: t("searchIn"), icon: "search", act: () => props.onPanel("search") });
    list.push({ label: t("jumpToDate"), icon: "calendar", act: () => openDateDialog(Date.now()) });
    const starred = view()?.preferences.starred ?? false;
    list.push(
      { label: t("notifications"), icon: "bell", act: () => setDialog("notify") },
      { label: t(starred ? "unstar" : "star"), icon: "star", act: () => void attempt(chat.savePreferences(roomId, { starred: !starred })) },
    );
    const person = chat.peer(roomId);
    if (person) {
      list.push({ label: t("profile"), icon: "users", act: () => openUser(person) });
      return list;
    }
    if (rights().edit) list.push({ label: t("editRoom"), icon: "edit", act: () => setDialog("edit") });
    if (rights().manage) {
      list.push({ label: t("addMembers"), icon: "userPlus", act: () => setDialog("add") });
      list.push({ label: t("invites"), icon: "link", act: () => setDialog("invites") });
    }
    if (rights().moderate) list.push({ label: t("bans"), icon: "ban", act: () => setDialog("bans") });
    if (rights().archive) {
      if (view()?.room.archivedAt) {
        list.push({ label: t("unarchiveRoom"), icon: "archive", act: () => void attempt(chat.api.archiveRoom(roomId, false)) });
      } else list.push({ label: t("archiveRoom"), icon: "archive", act: () => setDialog("archive") });
    }
    list.push({ label: t("leaveRoom"), icon: "leave", danger: true, separated: true, act: () => setDialog("leave") });
    return list;
  };

  return (
    <>
      <Menu class="icon-button" label={t("roomMenu")} items={items()}>
        <Icon name="more" />
      </Menu>
      <ErrorBoundary onFail={close}>
        <Suspense>
          <Show when={dialog() === "edit"}>
            <EditRoom roomId={roomId} onClose={close} />
          </Show>
          <Show when={dialog() === "leave"}>
            <LeaveRoom roomId={roomId} onClose={close} />
          </Show>
          <Show when={dialog() === "archive"}>
            <ArchiveRoom roomId={roomId} onClose={close} />
          </Show>
          <Show when={dialog() === "add"}>
            <AddMembers roomId={roomId} onClose={close} />
          </Show>
          <Show when={dialog() === "invites"}>
            <InvitesDialog roomId={roomId} onClose={close} />
          </Show>
          <Show when={dialog() === "notify"}>
            <RoomNotificationsDialog roomId={roomId} onClose={close} />
          </Show>
          <Show when={dialog() === "bans"}>
            <BansDialog roomId={roomId} onClose={close} />
          </Show>
        </Suspense>
      </ErrorBoundary>
    </>
  );
}
