import { onCleanup } from "solid-js";

/**
 * Safari lays its keyboard over the page, while other browsers make the page smaller. The covered height is put into
 * `--keyboard`, so that the composer and fixed elements stay above it.
 */
export function trackSoftKeyboard(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const { style } = document.documentElement;
  function measure(): void {
    // A zoomed page has a smaller viewport too, without a keyboard.
    const covered = Math.round(window.innerHeight - viewport!.height * viewport!.scale);
    if (covered < 1) return void style.removeProperty("--keyboard");
    style.setProperty("--keyboard", `${covered}px`);
    // Everything is in view now, so undo the browser's scrolling.
    window.scrollTo(0, 0);
  }
  viewport.addEventListener("resize", measure);
  onCleanup(() => {
    viewport.removeEventListener("resize", measure);
    style.removeProperty("--keyboard");
  });
}
