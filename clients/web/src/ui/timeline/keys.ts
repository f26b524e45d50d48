/** Arrows go from message to message while the log or a message has the focus. */
export function stepThrough(box: HTMLElement, event: KeyboardEvent): void {
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
