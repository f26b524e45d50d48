import { For, Show, createSignal, createUniqueId, type JSX } from "solid-js";

import { Icon, type IconName } from "./Icon";
import { Popover } from "./Popover";

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  /** A dot of this class before the label. */
  readonly dot?: string;
  readonly checked?: boolean;
  readonly danger?: boolean;
  /** A line above it. */
  readonly apart?: boolean;
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
  named?: boolean;
  children: JSX.Element;
}) {
  const id = createUniqueId();
  const [open, setOpen] = createSignal(false);
  let root!: HTMLDivElement;
  let button!: HTMLButtonElement;

  const items = () => [...root.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const close = () => {
    if (!open()) return;
    setOpen(false);
    button.focus();
  };
  const show = () => {
    setOpen(true);
    items()[0]?.focus();
  };

  function onKeyDown(event: KeyboardEvent): void {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape" && open()) close();
    else if (event.key === "Tab") return void setOpen(false);
    else if (to !== undefined && open()) all[(to + all.length) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div class="menu-root" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class={props.class}
        tabIndex={props.tabIndex}
        aria-label={props.named ? undefined : props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={open()}
        aria-controls={open() ? id : undefined}
        onClick={() => (open() ? close() : show())}
      >
        {props.children}
      </button>
      <Show when={open()}>
        <Popover anchor={button} side={props.side ?? "below"} class="menu" onClose={() => setOpen(false)}>
          <div id={id} role="menu" aria-label={props.label}>
            <For each={props.items}>
              {(item) => (
                <button
                  type="button"
                  role={item.checked === undefined ? "menuitem" : "menuitemradio"}
                  aria-checked={item.checked}
                  tabIndex={-1}
                  classList={{ danger: item.danger ?? false, apart: item.apart ?? false }}
                  onClick={() => (close(), item.act())}
                >
                  <Show when={item.icon}>{(icon) => <Icon name={icon()} />}</Show>
                  <Show when={item.dot}>{(dot) => <span class={`dot ${dot()}`} />}</Show>
                  <span class="grow">{item.label}</span>
                  <Show when={item.checked}>
                    <Icon name="check" />
                  </Show>
                </button>
              )}
            </For>
          </div>
        </Popover>
      </Show>
    </div>
  );
}
