import { createSignal, onCleanup, type Accessor } from "solid-js";

export function createMedia(query: string): Accessor<boolean> {
  const media = window.matchMedia(query);
  const [matches, set] = createSignal(media.matches);
  const onChange = () => set(media.matches);
  media.addEventListener("change", onChange);
  onCleanup(() => media.removeEventListener("change", onChange));
  return matches;
}
