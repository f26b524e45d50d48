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

/** Whoever is brought to a message goes on from there; not who writes, nor who points or touches. */
export function focusRow(row: Element | null): void {
  const at = document.activeElement;
  // The place from which one came may be gone.
  const isFocusLost = at === document.body && matchMedia("(hover: hover)").matches;
  if (isFocusLost || at?.matches(":focus-visible:not(input, textarea, select)")) (row as HTMLElement | null)?.focus({ preventScroll: true });
}
