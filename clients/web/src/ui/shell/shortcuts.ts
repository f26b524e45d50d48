// Keys that work everywhere on a signed-in page.

import { onCleanup, type Accessor, type Setter } from "solid-js";

import { isComposing } from "../shared/ime";
import { navigate, roomPath, route } from "../shared/router";
import type { RoomItem } from "./sorted-rooms";
import type { ShellOverlay } from "./SignedIn";

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

interface Parts {
  readonly rooms: Accessor<readonly RoomItem[]>;
  readonly overlay: Accessor<ShellOverlay | undefined>;
  readonly setOverlay: Setter<ShellOverlay | undefined>;
}

export function createShortcuts({ rooms, overlay, setOverlay }: Parts): void {
  function step(by: number, unreadOnly: boolean): void {
    const now = route();
    const all = rooms();
    const at = all.findIndex(({ room }) => now.page === "room" && room.id === now.roomId);
    for (let i = 1; i <= all.length; i++) {
      const next = all[(Math.max(at, by > 0 ? -1 : 0) + by * i + all.length * 2) % all.length];
      if (next && (!unreadOnly || next.unread.count || next.unread.flagged)) return navigate(roomPath(next.room.id));
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const { altKey, shiftKey, code } = event;
    // Letters of other scripts are where the keyboard has ours.
    const key = event.key > "~" ? code.slice(3).toLowerCase() : event.key?.toLowerCase();
    const mod = isMac ? event.metaKey : event.ctrlKey;
    const target = event.target as HTMLElement;
    const writing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    const palette = mod && key === "k";
    if (palette && overlay() === "palette") setOverlay(undefined);
    // Going to another room would lose what is in the dialog.
    else if (overlay() || document.querySelector("dialog[open]")) return;
    else if (palette) setOverlay("palette");
    else if (target.closest("select,[role=menu]")) return;
    else if (altKey && key === "arrowdown") step(1, shiftKey);
    else if (altKey && key === "arrowup") step(-1, shiftKey);
    // On a Mac, or with AltGr, the key writes a letter instead.
    else if (altKey && !event.ctrlKey && code === "KeyM" && !(isMac && writing)) document.querySelector<HTMLElement>(".room-head [aria-pressed]")?.click();
    else if (writing || mod || altKey) return;
    else if (key === "?") setOverlay("shortcuts");
    else if (key === "c") document.querySelector<HTMLElement>(".composer textarea")?.focus();
    else return;
    event.preventDefault();
  }

  document.addEventListener("keydown", onKeyDown);
  onCleanup(() => document.removeEventListener("keydown", onKeyDown));
}
