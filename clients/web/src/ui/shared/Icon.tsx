// Line icons on a 24-grid.

import type { JSX } from "solid-js";

import type { DeferredIcon } from "./deferred-icons";

const PATHS = {
  alert: "M12 8v5M12 16.5v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  back: "M15 5l-7 7 7 7",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6l1-7Z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M1.5 12.5L6 17l9.5-9.5M11 15.5l1.5 1.5L22 7.5",
  clip: "M19 11.5l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l8-8a3 3 0 0 1 4.3 4.3l-8 8a1.5 1.5 0 0 1-2.1-2.1l7.2-7.2",
  clock: "M12 7.5V12l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  close: "M6 6l12 12M18 6L6 18",
  compass: "M15.5 8.5l-2 5-5 2 2-5 5-2ZM12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  keyboard: "M3 6.5h18v11H3zM7 10.5v.01M11 10.5v.01M15 10.5v.01M8 14h8",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  plus: "M12 5v14M5 12h14",
  archive: "M4 5h16v4H4zM5.5 9v10h13V9M10 13h4",
  at: "M16 8v5a2.5 2.5 0 0 0 5 0v-1a9 9 0 1 0-3.5 7.1M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  mute: "M6 16V11a6 6 0 0 1 9.5-4.9M18 11v5l1.5 2h-11M10 20.5h4M4 4l16 16",
  pin: "M9 4h6l-1 6 3 3v1H7v-1l3-3-1-6ZM12 14v6",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5L20 20",
  send: "M12 19V5M6 11l6-6 6 6",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.2c.9 1.3 2 2 3.5 2s2.6-.7 3.5-2M9 9.5v.01M15 9.5v.01",
  thread: "M4 5h16v10H9l-5 4V5ZM8 9h8M8 12h5",
  unread: "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  users: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.5-3.5 3-5.5 6.5-5.5s6 2 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.8c2 .7 3.2 2.5 3.5 5.2",
} as const;

/** Icons that a first visit does not show (deferred-icons.ts). */
const deferredPaths: Partial<Record<DeferredIcon, string>> = {};

export type IconName = keyof typeof PATHS | DeferredIcon;

export const addIcons = (more: typeof deferredPaths): void => void Object.assign(deferredPaths, more);

export function Icon(props: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon icon-${props.name} ${props.class ?? ""}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={{ ...PATHS, ...deferredPaths }[props.name]} />
    </svg>
  );
}
