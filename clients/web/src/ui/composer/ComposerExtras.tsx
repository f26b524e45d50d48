import { Show, createMemo, onCleanup, onMount } from "solid-js";

import type { ComposerState } from "../../stores/composer/composer-state";
import { useChat } from "../../stores/chat";
import { mentionsEveryone } from "../../stores/mentions/mentions-everyone";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { useRoom } from "../room/room-context";
import { PendingAttachments } from "./PendingAttachments";
import { Completion, type CompletionHandle } from "./Completion";
import { ComposerBanner } from "./ComposerBanner";
import { DropZone } from "./DropZone";
import { MAX_MESSAGE_CHARACTERS, LENGTH_WARNING_AT } from "./composer-actions";

/** The number of characters left is announced in steps of this size. */
const ANNOUNCEMENT_STEP = 100;

/** Everything above the text field of the composer. */
export default function ComposerExtras(props: {
  composer: ComposerState;
  length: number;
  caret: number;
  field: () => HTMLTextAreaElement;
  handle: (handle: CompletionHandle) => void;
  onInsert: (insertion: string, from: number, to: number) => void;
  onFiles: (files: FileList) => void;
  /** The field has become wider or narrower. */
  onWidth: () => void;
}) {
  const chat = useChat();
  const { roomId } = useRoom();
  const { composer } = props;
  const charactersLeft = () => MAX_MESSAGE_CHARACTERS - props.length;
  const lengthText = (left: number) => (left < 0 ? t("tooLong", { count: -left }) : t("charactersLeft", { count: left }));
  // Not with each key.
  const step = createMemo(() => (charactersLeft() < 0 ? -1 : Math.ceil(charactersLeft() / ANNOUNCEMENT_STEP) * ANNOUNCEMENT_STEP));
  const isMentionRefused = createMemo(() => !chat.permissions(roomId).pin && mentionsEveryone(composer.text()));
  const focusField = () => props.field().focus();
  onMount(() => {
    let width = 0;
    const observer = new ResizeObserver(([entry]) => {
      const now = entry?.contentRect.width ?? 0;
      if (now !== width) props.onWidth();
      width = now;
    });
    observer.observe(props.field());
    onCleanup(() => observer.disconnect());
  });
  return (
    <>
      <ComposerBanner composer={composer} roomId={roomId} onCancel={() => (composer.reset(), focusField())} />
      <Show when={composer.files().length && !composer.editTarget()}>
        <PendingAttachments files={composer.files()} onDrop={focusField} />
      </Show>
      <div role="status">
        <Show when={composer.isSendQueued()}>
          <p class="composer-hint">
            <Icon name="clock" />
            <span>{t("sentWhenUploaded")}</span>
            <button type="button" class="link" onClick={() => (composer.cancelSend(), focusField())}>
              {t("cancel")}
            </button>
          </p>
        </Show>
        <Show when={isMentionRefused()}>
          <p class="composer-hint">
            <Icon name="alert" />
            <span>{t("mentionAllAdminsOnly")}</span>
          </p>
        </Show>
        <Show when={props.length > LENGTH_WARNING_AT}>
          <p class="sr-only">{step() < 0 ? t("tooLong", { count: Math.ceil(-charactersLeft() / ANNOUNCEMENT_STEP) * ANNOUNCEMENT_STEP }) : lengthText(step())}</p>
        </Show>
      </div>
      <Show when={props.length > LENGTH_WARNING_AT}>
        <p class="composer-count" classList={{ error: charactersLeft() < 0 }} aria-hidden="true">
          {lengthText(charactersLeft())}
        </p>
      </Show>
      <Completion text={composer.text()} caret={props.caret} field={props.field} handle={props.handle} onInsert={props.onInsert} />
      <DropZone field={props.field} onFiles={props.onFiles} />
    </>
  );
}
