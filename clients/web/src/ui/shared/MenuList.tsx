import { For, Show, onMount } from "solid-js";

import { Icon } from "./Icon";
import { createKeyed } from "./keyed";
import type { MenuItem } from "./Menu";
import { Popover } from "./Popover";

/** An open menu. */
export default function MenuList(props: {
  id: string;
  label: string;
  anchor: HTMLElement;
  side: "above" | "below";
  items: readonly MenuItem[];
  /** The focus goes back to the button. */
  onClose: () => void;
  /** The focus goes its own way. */
  onLeave: () => void;
}) {
  let list!: HTMLDivElement;
  const keyed = createKeyed(() => props.items, ({ label }) => label);
  const buttons = () => [...list.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  // Once the popover is shown: before, nothing in it takes the focus.
  onMount(() => queueMicrotask(() => buttons()[0]?.focus()));

  function onKeyDown(event: KeyboardEvent): void {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Tab") return props.onLeave();
    if (to === undefined) return;
    all[(to + all.length) % all.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <Popover anchor={props.anchor} side={props.side} class="menu" onClose={() => props.onLeave()}>
      <div ref={list} id={props.id} role="menu" aria-label={props.label} onKeyDown={onKeyDown}>
        <For each={keyed.keys()}>
          {(label) => {
            const item = keyed.at(label);
            return (
              <button
                type="button"
                role={item().checked === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={item().checked}
                tabIndex={-1}
                classList={{ danger: item().danger ?? false, separated: item().separated ?? false }}
                onClick={() => (props.onClose(), item().act())}
              >
                <Show when={item().icon}>{(icon) => <Icon name={icon()} />}</Show>
                <Show when={item().dot}>{(dot) => <span class={`dot ${dot()}`} />}</Show>
                <span class="grow">{label}</span>
                <Show when={item().checked}>
                  <Icon name="check" />
                </Show>
              </button>
            );
          }}
        </For>
      </div>
    </Popover>
  );
}
