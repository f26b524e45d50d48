import { For, Show } from "solid-js";

import { useChat } from "../../state/chat";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { Mark } from "../kit/Mark";
import { route } from "../router";
import { MeBar } from "./MeBar";
import { RoomLink } from "./RoomLink";
import type { RoomItem } from "./rooms";
import type { Overlay } from "./SignedIn";

export function Sidebar(props: {
  rooms: readonly RoomItem[];
  onOverlay: (overlay: Overlay) => void;
  onLogout: () => void;
}) {
  const chat = useChat();
  const ids = () => props.rooms.map(({ room }) => room.id);
  const settled = () => chat.connection().kind === "live";
  return (
    <nav class="sidebar" aria-label={t("rooms")}>
      <header class="sidebar-head">
        <a href="/" class="brand">
          <Mark />
          <span>{t("appName")}</span>
        </a>
        <button
          type="button"
          class="icon-button"
          aria-label={t("palette")}
          title={t("palette")}
          onClick={() => props.onOverlay("palette")}
        >
          <Icon name="search" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={t("createRoom")}
          title={t("createRoom")}
          onClick={() => props.onOverlay("createRoom")}
        >
          <Icon name="plus" />
        </button>
      </header>
      <div class="sidebar-scroll">
        <ul class="room-list">
          <For each={ids()}>{(id) => <RoomLink roomId={id} />}</For>
        </ul>
        <Show when={!props.rooms.length && settled()}>
          <p class="sidebar-empty muted">{t("noRooms")}</p>
        </Show>
        <Show when={!props.rooms.length && !settled()}>
          <ul class="room-list" aria-hidden="true">
            <For each={[1, 2, 3]}>
              {() => (
                <li class="ghost-row">
                  <span class="ghost ghost-square" />
                  <span class="ghost ghost-line" />
                </li>
              )}
            </For>
          </ul>
        </Show>
        <a class="sidebar-link" href="/directory" aria-current={route().page === "directory" ? "page" : undefined}>
          <Icon name="compass" />
          {t("browseRooms")}
        </a>
      </div>
      <MeBar onOverlay={props.onOverlay} onLogout={props.onLogout} />
    </nav>
  );
}
