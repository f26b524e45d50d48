import { Show, Suspense, createSignal, type JSX } from "solid-js";

import { lazy } from "../shared/lazy";
const EmojiPopover = lazy(() => import("./EmojiPopover"));

/** A button that opens the emoji picker. */
export function EmojiButton(props: {
  label: string;
  class: string;
  tabIndex?: number;
  onPick: (emoji: string) => void;
  children: JSX.Element;
}) {
  const [open, setOpen] = createSignal(false);
  let button!: HTMLButtonElement;
  const close = () => (button.focus(), setOpen(false));
  return (
    <>
      <button
        ref={button}
        type="button"
        class={props.class}
        tabIndex={props.tabIndex}
        aria-label={props.label}
        title={props.label}
        aria-haspopup="dialog"
        aria-expanded={open()}
        onClick={() => setOpen(!open())}
      >
        {props.children}
      </button>
      <Suspense>
        <Show when={open()}>
          <EmojiPopover anchor={button} onPick={(emoji) => props.onPick(emoji)} onClose={close} onLeave={() => setOpen(false)} />
        </Show>
      </Suspense>
    </>
  );
}
