import { Show, Suspense, createSignal, lazy, type JSX } from "solid-js";

import { usedEmoji } from "../../state/emoji";
import { Popover } from "../kit/Popover";

const EmojiPicker = lazy(() => import("./EmojiPicker"));

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
  const close = () => (setOpen(false), button.focus());
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
      <Show when={open()}>
        <Popover anchor={button} side="above" class="emoji-pop" onClose={() => setOpen(false)}>
          <Suspense fallback={<div class="emoji-picker" />}>
            <EmojiPicker onPick={(emoji) => (close(), usedEmoji(emoji), props.onPick(emoji))} onClose={close} />
          </Suspense>
        </Popover>
      </Show>
    </>
  );
}
