import { For, Show, Suspense, createMemo } from "solid-js";

import { useChat } from "../../stores/chat";
import { NOTHING_UNREAD } from "../../stores/reading/unread";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { lazy } from "../shared/lazy";
import { Logo } from "../shared/Logo";
import { roomPath, route } from "../shared/router";
import { AccountBar } from "./AccountBar";
import { RoomLink } from "./RoomLink";
import type { RoomItem } from "./sorted-rooms";
import type { ShellOverlay } from "./SignedIn";

const NotificationPrompt = lazy(() => import("./NotificationPrompt"));

function SectionHead(props: { text: string; action: string; onAct: () => void }) {
  return (
    <div class="section-head">
      <h2>{props.text}</h2>
      <button type="button" class="icon-button icon-button-small" aria-label={props.action} title={props.action} onClick={() => props.onAct()}>
        <Icon name="plus" />
      </button>
    </div>
  );
}

export function Sidebar(props: {
  rooms: readonly RoomItem[];
  onOverlay: (overlay: ShellOverlay) => void;
  onLogout: () => void;
}) {
  const chat = useChat();
  const ids = (direct: boolean) =>
    props.rooms.filter(({ room }) => (room.kind === "direct") === direct).map(({ room }) => room.id);
  const unread = createMemo(() => new Map(props.rooms.map(({ room, unread }) => [room.id, unread])));
  const link = (id: string) => <RoomLink roomId={id} unread={unread().get(id) ?? NOTHING_UNREAD} />;
  const isLive = () => chat.connection().kind === "live";
  /** A room that is gone and has refused messages. */
  const lostRoomId = () => isLive() && chat.unsent().find(({ refused, message }) => refused && !chat.room(message.roomId))?.message.roomId;
  return (
    <nav class="sidebar" aria-label={t("rooms")}>
      <header class="sidebar-head">
        <a href="/" class="brand">
          <Logo />
          <span>{t("appName")}</span>
        </a>
        <button
          type="button"
          class="icon-button"
          aria-label={t("palette")}
          title={t("palette")}
          onClick={() => props.onOverlay("palette")}
        >
          <Icon name="bolt" />
        </button>
      </header>
      <div class="sidebar-scroll">
        <a class="sidebar-link" href="/search" aria-current={route().page === "search" ? "page" : undefined}>
          <Icon name="search" />
          {t("searchMessages")}
        </a>
        <a class="sidebar-link" href="/mentions" aria-current={route().page === "mentions" ? "page" : undefined}>
          <Icon name="at" />
          {t("mentions")}
        </a>
        <Show when={lostRoomId()}>
          {(id) => (
            <a class="sidebar-link" href={roomPath(id())}>
              <Icon name="alert" />
              {t("unsent")}
            </a>
          )}
        </Show>
        <SectionHead text={t("rooms")} action={t("createRoom")} onAct={() => props.onOverlay("createRoom")} />
        <ul class="room-list">
          <For each={ids(false)}>{link}</For>
        </ul>
        <Show when={!props.rooms.length && isLive()}>
          <p class="sidebar-empty muted small">{t("noRooms")}</p>
        </Show>
        <Show when={!props.rooms.length && !isLive()}>
          <ul class="room-list skeletons" aria-hidden="true">
            <For each={[1, 2, 3]}>
              {() => (
                <li class="skeleton-row">
                  <span class="skeleton skeleton-square" />
                  <span class="skeleton skeleton-line" />
                </li>
              )}
            </For>
          </ul>
        </Show>
        <a class="sidebar-link" href="/directory" aria-current={route().page === "directory" ? "page" : undefined}>
          <Icon name="compass" />
          {t("browseRooms")}
        </a>
        <SectionHead text={t("directMessages")} action={t("newDirect")} onAct={() => props.onOverlay("direct")} />
        <ul class="room-list">
          <For each={ids(true)}>{link}</For>
        </ul>
        <Show when={isLive() && !ids(true).length}>
          <p class="sidebar-empty muted small">{t("noDirect")}</p>
        </Show>
      </div>
      <Suspense>
        <NotificationPrompt />
      </Suspense>
      <AccountBar onOverlay={props.onOverlay} onLogout={props.onLogout} />
    </nav>
  );
}
