import { Suspense } from "solid-js";

import { recordEmojiUse } from "../../stores/composer/emoji";
import { lazy } from "../shared/lazy";
import { Popover } from "../shared/Popover";

const EmojiPicker = lazy(() => import("./EmojiPicker"));

/** The emoji picker beside its button. */
export default function EmojiPopover(props: {
  anchor: HTMLElement;
  onPick: (emoji: string) => void;
  /** The focus goes back to the button. */
  onClose: () => void;
  /** The focus goes its own way. */
  onLeave: () => void;
}) {
  return (
    <Popover anchor={props.anchor} side="above" class="emoji-pop" onClose={() => props.onLeave()}>
      <Suspense fallback={<div class="emoji-picker" />}>
        <EmojiPicker onPick={(emoji) => (props.onClose(), recordEmojiUse(emoji), props.onPick(emoji))} />
      </Suspense>
    </Popover>
  );
}
