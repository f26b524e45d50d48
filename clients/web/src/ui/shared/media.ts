import { createSignal, onCleanup, type Accessor } from "solid-js";

export function createMedia(query: string): Accessor<boolean> {
  const media = window.matchMedia(query);
  const [matches, set] = createSignal(media.matches);
  const changed = () => set(media.matches);
  media.addEventListener("change", changed);
  onCleanup(() => media.removeEventListener("change", changed));
  return matches;
}
