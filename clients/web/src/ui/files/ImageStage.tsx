import { createEffect, createSignal, onCleanup } from "solid-js";

import { useChat } from "../../stores/chat";
import { direction, t } from "../i18n";
import type { Picture } from "./viewer-images";

/** A finger that goes at least so far sideways turns the page. */
const SWIPE_PX = 60;

/** One picture: as large as fits, or one pixel for one. */
export function Stage(props: {
  picture: Picture;
  name: string;
  whole: boolean;
  onWhole: (whole: boolean) => void;
  onStep: (by: number) => void;
  onClose: () => void;
}) {
  const chat = useChat();
  const file = props.picture.file;
  const { width = 1, height = 1 } = file.image ?? {};
  const [loaded, setLoaded] = createSignal(false);
  let stage!: HTMLDivElement;
  let from: { x: number; y: number } | undefined;

  // The thumbnail is there at once; the picture itself takes its place.
  createEffect(() => {
    const path = chat.link(file.id, "whole");
    if (!path || loaded()) return;
    const image = new Image();
    image.onload = () => setLoaded(true);
    image.src = path;
    onCleanup(() => (image.onload = null));
  });
  const src = () => (loaded() ? chat.link(file.id, "whole") : chat.link(file.id, "large"));

  /** What was pointed at stays under the pointer. */
  function zoom(event: MouseEvent & { currentTarget: HTMLImageElement }): void {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    props.onWhole(!props.whole);
    const middle = direction() === "rtl" ? x - 1 : x;
    stage.scrollTo({ left: middle * width - (direction() === "rtl" ? -1 : 1) * (stage.clientWidth / 2), top: y * height - stage.clientHeight / 2 });
  }

  function onPointerUp(event: PointerEvent): void {
    const begun = from;
    from = undefined;
    const pinched = (window.visualViewport?.scale ?? 1) > 1;
    if (!begun || props.whole || pinched) return;
    const [x, y] = [event.clientX - begun.x, event.clientY - begun.y];
    if (Math.abs(x) < SWIPE_PX || Math.abs(x) < Math.abs(y)) return;
    const ahead = direction() === "rtl" ? 1 : -1;
    props.onStep(Math.sign(x) * ahead);
  }

  return (
    <div
      ref={stage}
      class="viewer-stage"
      classList={{ "viewer-whole": props.whole }}
      aria-busy={!loaded()}
      tabIndex={props.whole ? 0 : undefined}
      role={props.whole ? "group" : undefined}
      aria-label={props.whole ? t("zoomActual") : undefined}
      onClick={(event) => event.target === stage && props.onClose()}
      onPointerDown={(event) => (from = event.pointerType === "touch" && event.isPrimary ? { x: event.clientX, y: event.clientY } : undefined)}
      onPointerUp={onPointerUp}
      onPointerCancel={() => (from = undefined)}
    >
      <img
        src={src()}
        alt={t("pictureFrom", { name: props.name, file: file.name })}
        width={width}
        height={height}
        draggable={false}
        onClick={(event) => zoom(event)}
      />
    </div>
  );
}
