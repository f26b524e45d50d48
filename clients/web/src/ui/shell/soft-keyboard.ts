import { onCleanup } from "solid-js";

/**
 * Safari lays its keyboard over the page, others make the page smaller: what is covered stands in
 * `--keyboard`, so that the composer and what is fixed are above it.
 */
export function trackSoftKeyboard(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const { style } = document.documentElement;
  function measure(): void {
    // A page that was made larger shows less of itself, which is no keyboard.
    const covered = Math.round(window.innerHeight - viewport!.height * viewport!.scale);
    if (covered < 1) return void style.removeProperty("--keyboard");
    style.setProperty("--keyboard", `${covered}px`);
    // All is in sight now: there is nothing to be moved to.
    window.scrollTo(0, 0);
  }
  viewport.addEventListener("resize", measure);
  onCleanup(() => {
    viewport.removeEventListener("resize", measure);
    style.removeProperty("--keyboard");
  });
}
