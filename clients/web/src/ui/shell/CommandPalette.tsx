import "../shared/deferred-icons";

import { For, createMemo, createSignal, onMount, type JSX } from "solid-js";

import { useChat } from "../../stores/chat";
import { setPref } from "../../stores/preferences/prefs";
import { fold } from "../../stores/search/search-highlight";
import { labelled, t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { isComposing } from "../shared/ime";
import { Icon, type IconName } from "../shared/Icon";
import { RoomAvatar } from "../room/RoomAvatar";
import { navigate, roomPath, searchPath } from "../shared/router";
import type { RoomItem } from "./sorted-rooms";
import type { ShellOverlay } from "./SignedIn";

interface Choice {
  readonly label: string;
  readonly icon: () => JSX.Element;
  readonly act: () => void;
}

/** Type a few letters, press Enter: any room, any action. */
export default function CommandPalette(props: {
  rooms: readonly RoomItem[];
  onOverlay: (overlay: ShellOverlay) => void;
  onClose: () => void;
  onLogout: () => void;
}) {
  const chat = useChat();
  const [query, setQuery] = createSignal("");
  const [at, setAt] = createSignal(0);
  let list!: HTMLUListElement;
  onMount(() => chat.loadRole());

  const go = (path: string) => () => (props.onClose(), navigate(path));
  const action = (label: string, icon: IconName, act: () => void): Choice => ({
    label,
    icon: () => <Icon name={icon} />,
    act,
  });
  const theme = (name: "themeLight" | "themeDark" | "themeSystem") => labelled(t("theme"), t(name));
  /** Rooms keep the order that they had when the palette opened, so that new messages do not move the selection. */
  const ids = createMemo<readonly string[]>((before) => {
    const now = props.rooms.map(({ room }) => room.id);
    return [...before.filter((id) => now.includes(id)), ...now.filter((id) => !before.includes(id))];
  }, []);
  const all = createMemo((): Choice[] => [
    ...ids().map((id) => ({
      label: chat.title(id),
      icon: () => <RoomAvatar roomId={id} size="small" />,
      act: go(roomPath(id)),
    })),
    action(t("mentions"), "at", go("/mentions")),
    action(t("browseRooms"), "compass", go("/directory")),
    action(t("createRoom"), "plus", () => props.onOverlay("createRoom")),
    action(t("newDirect"), "chat", () => props.onOverlay("direct")),
    action(t("settings"), "settings", go("/settings")),
    action(t("changePassword"), "settings", go("/settings/password")),
    ...(chat.role() === "admin" ? [action(t("administration"), "users", go("/admin"))] : []),
    action(theme("themeLight"), "settings", () => (setPref("theme", "light"), props.onClose())),
    action(theme("themeDark"), "settings", () => (setPref("theme", "dark"), props.onClose())),
    action(theme("themeSystem"), "settings", () => (setPref("theme", "system"), props.onClose())),
    action(t("shortcuts"), "keyboard", () => props.onOverlay("shortcuts")),
    action(t("signOut"), "leave", () => (props.onClose(), props.onLogout())),
  ]);
  const results = createMemo(() => {
    const words = fold(query()).split(/\s+/).filter(Boolean);
    const matching = all().filter(({ label }) => words.every((word) => fold(label).includes(word)));
    const text = query().trim();
    return text ? [...matching, action(t("searchFor", { query: text }), "search", go(searchPath(text)))] : matching;
  });

  function move(to: number): void {
    const count = results().length;
    if (!count) return;
    setAt((to + count) % count);
    list.children[at()]?.scrollIntoView({ block: "nearest" });
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") move(at() + 1);
    else if (event.key === "ArrowUp") move(at() - 1);
    else if (event.key === "Enter") results()[at()]?.act();
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title={t("palette")} class="palette" bare onClose={props.onClose}>
      <div class="palette-field">
        <Icon name="search" />
        <input
          autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={results().length ? `palette-${at()}` : undefined}
          aria-label={t("paletteHint")}
          placeholder={t("paletteHint")}
          onInput={(event) => (setQuery(event.currentTarget.value), setAt(0))}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul class="palette-list" id="palette-list" role="listbox" aria-label={t("palette")} ref={list}>
        <For each={results()}>
          {(choice, i) => (
            <li
              id={`palette-${i()}`}
              role="option"
              aria-selected={i() === at()}
              onPointerMove={() => setAt(i())}
              onClick={() => choice.act()}
            >
              {choice.icon()}
              <span dir="auto">{choice.label}</span>
            </li>
          )}
        </For>
      </ul>
    </Dialog>
  );
}
