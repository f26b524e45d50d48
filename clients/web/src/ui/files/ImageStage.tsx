import { createEffect, createSignal, onCleanup } from "solid-js";

import { useChat } from "../../stores/chat";
import { direction, t } from "../i18n";
import type { ViewerImage } from "./viewer-images";

/** A finger that goes at least so far sideways turns the page. */
const SWIPE_PX = 60;

/** One picture: as large as fits, or one pixel for one. */
export function ImageStage(props: {
  picture: ViewerImage;
  name: string;
  isActualSize: boolean;
  onActualSize: (isActualSize: boolean) => void;
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
    props.onActualSize(!props.isActualSize);
    const middle = direction() === "rtl" ? x - 1 : x;
    stage.scrollTo({ left: middle * width - (direction() === "rtl" ? -1 : 1) * (stage.clientWidth / 2), top: y * height - stage.clientHeight / 2 });
  }

  function onPointerUp(event: PointerEvent): void {
    const start = from;
    from = undefined;
    const pinched = (window.visualViewport?.scale ?? 1) > 1;
    if (!start || props.isActualSize || pinched) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    if (Math.abs(x) < SWIPE_PX || Math.abs(x) < Math.abs(y)) return;
    const ahead = direction() === "rtl" ? 1 : -1;
    props.onStep(Math.sign(x) * ahead);
  }

  return (
    <div
      ref={stage}
      class="viewer-stage"
      classList={{ "viewer-whole": props.isActualSize }}
      aria-busy={!loaded()}
      tabIndex={props.isActualSize ? 0 : undefined}
      role={props.isActualSize ? "group" : undefined}
      aria-label={props.isActualSize ? t("zoomActual") : undefined}
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
