// How large the files of a message are shown: known before the code that shows
// them has come, so that nothing moves when it does.

import type { Attachment } from "../../domain/types";

/** How large an image is shown, in pixels. */
const MAX_WIDTH = 360;
const MAX_HEIGHT = 280;
const MIN_SIDE = 24;
/** Several stand side by side, each in a square of this size, and at most so many in a row. */
export const TILE_PX = 136;
const TILES_PER_ROW = 4;
/** Between one and the next (attached.css). */
const GAP_PX = 6;

/** The whole of it; of what would be thinner than can be touched, a part. It has this form also where there is less room. */
export function imageSize({ width, height }: NonNullable<Attachment["image"]>) {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  const [wide, high] = [width, height].map((side) => Math.max(Math.round(side * scale), MIN_SIDE)) as [number, number];
  return { width: wide, height: high, style: { "aspect-ratio": `${wide} / ${high}` } };
}

/** The room that the list of these files takes. */
export function reservedSize(files: readonly Attachment[]) {
  const images = files.flatMap(({ image }) => image ?? []);
  const tiles = images.length > 1;
  const [single] = images.map(imageSize);
  const rows = tiles ? Math.ceil(images.length / TILES_PER_ROW) : images.length;
  const others = files.length - images.length;
  // A file that is no image has two lines of text in a frame.
  const high = rows * ((tiles ? TILE_PX : single?.height ?? 0) + GAP_PX) + others * (18 + GAP_PX) - GAP_PX;
  const wide = tiles ? Math.min(images.length, TILES_PER_ROW) * (TILE_PX + GAP_PX) - GAP_PX : single?.width ?? 0;
  return { "min-block-size": `calc(${high}px + ${others * 2.625}rem)`, "min-inline-size": `min(100%, ${wide}px)` };
}
