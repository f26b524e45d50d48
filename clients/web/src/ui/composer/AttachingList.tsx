import { For, Show } from "solid-js";

import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import type { Attaching } from "./attaching";

/** Above the text: what goes with it, and how far each is uploaded. */
export default function AttachingList(props: { files: readonly Attaching[] }) {
  return (
    <Show when={props.files.length}>
      <ul class="attaching">
        <For each={props.files}>
          {(file) => (
            <li class="chip">
              <Icon name="file" />
              <span class="clip" dir="auto">
                {file.name}
              </span>
              <Show when={!file.id}>
                <progress max={1} value={file.share} aria-label={`${t("uploading")} ${file.name}`} />
              </Show>
              <button type="button" aria-label={`${t("discard")}: ${file.name}`} onClick={() => file.cancel()}>
                <Icon name="close" />
              </button>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
