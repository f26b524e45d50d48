import { onCleanup, onMount, type JSX } from "solid-js";

import { createEscape } from "./escape";

const GAP_PX = 4;
const EDGE_PX = 8;

/** A panel beside a button, above everything else, wherever there is room for it. */
export function Popover(props: {
  anchor: HTMLElement;
  side: "above" | "below";
  class: string;
  /** After Escape the focus is back at the button; else it goes its own way. */
  onClose: () => void;
  children: JSX.Element;
}) {
  let panel!: HTMLDivElement;

  function position(): void {
    const at = props.anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel;
    const above = at.top - height - GAP_PX;
    const below = at.bottom + GAP_PX;
    const fitsBelow = below + height <= window.innerHeight - EDGE_PX;
    const preferredTop = props.side === "above" ? (above >= EDGE_PX ? above : below) : fitsBelow ? below : above;
    const top = Math.max(Math.min(preferredTop, window.innerHeight - height - EDGE_PX), EDGE_PX);
    // Its edge is the button's, on the side where it has more room.
    const leftHalf = (at.left + at.right) / 2 < window.innerWidth / 2;
    const left = leftHalf ? at.left : at.right - width;
    panel.style.top = `${top}px`;
    panel.style.left = `${Math.max(Math.min(left, window.innerWidth - width - EDGE_PX), EDGE_PX)}px`;
  }

  createEscape(
    () => panel,
    () => (props.anchor.focus(), props.onClose()),
  );
  onMount(() => {
    panel.showPopover();
    const inside = (node: EventTarget | null) =>
      node instanceof Node && (panel.contains(node) || props.anchor.contains(node));
    const onPointerDown = (event: Event) => !inside(event.target) && props.onClose();
    // Nowhere is no other place: so a window that is left keeps what is open in it.
    const onFocusOut = ({ relatedTarget }: FocusEvent) => relatedTarget && !inside(relatedTarget) && props.onClose();
    const onWheel = (event: Event) => !(event.target instanceof Node && panel.contains(event.target)) && props.onClose();
    const observer = new ResizeObserver(position);
    observer.observe(panel);
    panel.addEventListener("focusout", onFocusOut);
    document.addEventListener("pointerdown", onPointerDown, true);
    document.addEventListener("wheel", onWheel, { capture: true, passive: true });
    window.addEventListener("resize", position);
    onCleanup(() => {
      observer.disconnect();
      document.removeEventListener("pointerdown", onPointerDown, true);
      document.removeEventListener("wheel", onWheel, true);
      window.removeEventListener("resize", position);
    });
  });

  return (
    <div ref={panel} popover="manual" class={`popover ${props.class}`}>
      {props.children}
    </div>
  );
}
