import { Show, Suspense, createSignal, createUniqueId, type JSX } from "solid-js";

import type { IconName } from "./Icon";
import { lazy } from "./lazy";

/** Comes after the page, before one opens the first menu. */
const MenuList = lazy(() => import("./MenuList"));
setTimeout(MenuList.preload, 0);

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  /** A dot of this class before the label. */
  readonly dot?: string;
  readonly checked?: boolean;
  readonly danger?: boolean;
  /** A line above it. */
  readonly separated?: boolean;
  readonly act: () => void;
}

/** A button with a menu: arrows move, Escape closes, letters are left to the reader. */
export function Menu(props: {
  label: string;
  items: readonly MenuItem[];
  class: string;
  side?: "above" | "below";
  tabIndex?: number;
  /** The button says by itself what it is. */
  hasLabel?: boolean;
  children: JSX.Element;
}) {
  const id = createUniqueId();
  const [open, setOpen] = createSignal(false);
  let button!: HTMLButtonElement;

  function close(): void {
    // First: what goes with the focus in it takes it along.
    button.focus();
    setOpen(false);
  }

  return (
    <div class="menu-root">
      <button
        ref={button}
        type="button"
        class={props.class}
        tabIndex={props.tabIndex}
        aria-label={props.hasLabel ? undefined : props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={open()}
        aria-controls={open() ? id : undefined}
        onClick={() => (open() ? close() : setOpen(true))}
      >
        {props.children}
      </button>
      <Suspense>
        <Show when={open()}>
          <MenuList
            id={id}
            label={props.label}
            anchor={button}
            side={props.side ?? "below"}
            items={props.items}
            onClose={close}
            onLeave={() => setOpen(false)}
          />
        </Show>
      </Suspense>
    </div>
  );
}
