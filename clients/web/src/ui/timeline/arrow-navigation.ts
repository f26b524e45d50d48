/** Arrows go from message to message while the log or a message has the focus. */
export function navigateByArrow(box: HTMLElement, event: KeyboardEvent): void {
  const from = event.target as HTMLElement;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || event.altKey || (from !== box && !from.classList.contains("msg"))) return;
  const all = [...box.querySelectorAll<HTMLElement>(".msg")];
  const next = from === box ? all.at(-1) : all[all.indexOf(from) + step];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** Focuses a message after a jump, for keyboard users; not while the user writes, and not for mouse or touch. */
export function focusRow(row: Element | null): void {
  const at = document.activeElement;
  // The element that had the focus may be gone.
  const isFocusLost = at === document.body && matchMedia("(hover: hover)").matches;
  if (isFocusLost || at?.matches(":focus-visible:not(input, textarea, select)")) (row as HTMLElement | null)?.focus({ preventScroll: true });
}
