import "../shared/deferred-icons";

import { For, Match, Show, Switch, createMemo, createSignal } from "solid-js";

import type { PendingAttachment } from "../../stores/composer/composer-state";
import { formatBytes } from "../i18n/format-values.deferred";
import { labelled, t } from "../i18n";
import { Icon } from "../shared/Icon";

/** The attachments of the composer, with their upload progress. */
export function PendingAttachments(props: { files: readonly PendingAttachment[]; onDrop: () => void }) {
  // Each step of an upload makes another object of a file: by their keys they stay what they are.
  const keys = createMemo(() => props.files.map(({ key }) => key), [], { equals: (a, b) => a.join() === b.join() });
  return (
    <ul class="pending-attachments">
      <For each={keys()}>
        {(key) => <Show when={props.files.find((it) => it.key === key)}>{(file) => <PendingAttachmentItem file={file()} onDrop={props.onDrop} />}</Show>}
      </For>
    </ul>
  );
}

function PendingAttachmentItem(props: { file: PendingAttachment; onDrop: () => void }) {
  const [isBroken, setBroken] = createSignal(false);
  return (
    <li>
      <Show when={props.file.preview && !isBroken()} fallback={<Icon name="file" />}>
        <img src={props.file.preview} alt="" decoding="async" draggable={false} onError={() => setBroken(true)} />
      </Show>
      <span class="pending-attachment-text">
        <bdi class="clip">{props.file.name}</bdi>
        <Switch fallback={<progress max={1} value={props.file.progress} aria-label={t("uploading", { file: props.file.name })} />}>
          <Match when={props.file.id}>
            <span class="muted">{formatBytes(props.file.size)}</span>
          </Match>
          <Match when={props.file.retry}>
            {(retry) => (
              <button type="button" class="link" onClick={() => (retry()(), props.onDrop())}>
                {t("tryAgain")}
              </button>
            )}
          </Match>
        </Switch>
      </span>
      <button
        type="button"
        class="icon-button icon-button-small"
        aria-label={labelled(t("remove"), props.file.name)}
        title={t("remove")}
        onClick={() => (props.file.cancel(), props.onDrop())}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
