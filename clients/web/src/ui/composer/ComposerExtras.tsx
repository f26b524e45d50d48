import { Show, createMemo, onCleanup, onMount } from "solid-js";

import type { ComposerState } from "../../stores/composer/composer-state";
import { useChat } from "../../stores/chat";
import { mentionsEveryone } from "../../stores/mentions/mentions-everyone";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { useRoom } from "../room/room-context";
import { AttachingList } from "./PendingAttachments";
import { Completion, type CompletionHandle } from "./Completion";
import { ComposerNote } from "./ComposerBanner";
import { DropZone } from "./DropZone";
import { MOST, WARN } from "./composer-actions";

/** Characters after which it is said again how many are left. */
const STEP = 100;

/** What stands above the text that is being written. */
export default function Above(props: {
  begun: ComposerState;
  length: number;
  caret: number;
  field: () => HTMLTextAreaElement;
  handle: (handle: CompletionHandle) => void;
  onTake: (piece: string, from: number, to: number) => void;
  onFiles: (files: FileList) => void;
  /** The field has become wider or narrower. */
  onWidth: () => void;
}) {
  const chat = useChat();
  const { roomId } = useRoom();
  const { begun } = props;
  const left = () => MOST - props.length;
  const counted = (left: number) => (left < 0 ? t("tooLong", { count: -left }) : t("charactersLeft", { count: left }));
  // Not with each key.
  const step = createMemo(() => (left() < 0 ? -1 : Math.ceil(left() / STEP) * STEP));
  const callsInVain = createMemo(() => !chat.permissions(roomId).pin && mentionsEveryone(begun.text()));
  const back = () => props.field().focus();
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
      <ComposerNote begun={begun} roomId={roomId} onCancel={() => (begun.reset(), back())} />
      <Show when={begun.files().length && !begun.editTarget()}>
        <AttachingList files={begun.files()} onDrop={back} />
      </Show>
      <div role="status">
        <Show when={begun.isSendQueued()}>
          <p class="composer-hint">
            <Icon name="clock" />
            <span>{t("sentWhenUploaded")}</span>
            <button type="button" class="link" onClick={() => (begun.cancelSend(), back())}>
              {t("cancel")}
            </button>
          </p>
        </Show>
        <Show when={callsInVain()}>
          <p class="composer-hint">
            <Icon name="alert" />
            <span>{t("adminsCallAll")}</span>
          </p>
        </Show>
        <Show when={props.length > WARN}>
          <p class="sr-only">{step() < 0 ? t("tooLong", { count: Math.ceil(-left() / STEP) * STEP }) : counted(step())}</p>
        </Show>
      </div>
      <Show when={props.length > WARN}>
        <p class="composer-count" classList={{ error: left() < 0 }} aria-hidden="true">
          {counted(left())}
        </p>
      </Show>
      <Completion text={begun.text()} caret={props.caret} field={props.field} handle={props.handle} onTake={props.onTake} />
      <DropZone field={props.field} onFiles={props.onFiles} />
    </>
  );
}
