import { Show, createSignal, onCleanup, onMount } from "solid-js";
import { Portal } from "solid-js/web";

import { t } from "../i18n";
import { Icon } from "../shared/Icon";

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;

/** Accepts files that are dropped anywhere on the composer's part of the page, and shows a hint while they hover. */
export function DropZone(props: { field: () => HTMLElement; onFiles: (files: FileList) => void }) {
  const [over, setOver] = createSignal<Element>();

  onMount(() => {
    const area = props.field().closest("section, aside");
    if (!area) return;
    const control = new AbortController();
    onCleanup(() => control.abort());
    const listen = (name: "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void) =>
      area.addEventListener(name, (event) => act(event as DragEvent), { signal: control.signal });
    listen("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(area);
    });
    listen("dragleave", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && area.contains(relatedTarget))) setOver(undefined);
    });
    listen("drop", (event) => {
      setOver(undefined);
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer?.files.length) props.onFiles(event.dataTransfer.files);
    });
  });

  return (
    <Show when={over()}>
      {(area) => (
        <Portal mount={area()}>
          <div class="drop-zone">
            <p>
              <Icon name="clip" />
              {t("dropFiles")}
            </p>
          </div>
        </Portal>
      )}
    </Show>
  );
}
