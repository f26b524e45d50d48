import { Suspense, createEffect, createSignal, on, onMount } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { prefs } from "../../stores/preferences/prefs";
import { EmojiButton } from "./EmojiButton";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { isComposing } from "../shared/ime";
import { lazy } from "../shared/lazy";
import { createMedia } from "../shared/media";
import { attempt } from "../shared/toast";
import { useRoom } from "../room/room-context";
import type { CompletionHandle } from "./Completion";
import { createComposerActions, type Send } from "./composer-actions";

/** Comes after the field itself. */
const ComposerExtras = lazy(() => import("./ComposerExtras"));

/** Where messages are written: in a room, or in one of its threads. */
export function Composer(props: {
  class?: string;
  label: string;
  /** Names what is begun and not sent. */
  draft: string;
  /** Whether typing is reported to others. */
  reportsTyping?: boolean;
  /** What arrow up edits. */
  lastOwn: () => Message | undefined;
  onSend: Send;
}) {
  const chat = useChat();
  const { roomId } = useRoom();
  const isTouch = createMedia("(pointer: coarse)");
  const composer = chat.composer(props.draft);
  const { text, editTarget, replyTarget } = composer;
  const { length, canSend, write, submit } = createComposerActions({
    roomId,
    composer,
    reportsTyping: props.reportsTyping ?? false,
    send: (...message) => props.onSend(...message),
  });
  const [caret, setCaret] = createSignal(0);
  let box!: HTMLTextAreaElement;
  let picker!: HTMLInputElement;
  let completion: CompletionHandle | undefined;
  const action = () => t(editTarget() ? "save" : "send");

  function attach(chosen: FileList): void {
    // The list is emptied when this is over.
    const files = [...chosen];
    void attempt(import("./attach-files").then(({ attachFiles }) => attachFiles(chat, composer, files)));
    if (!isTouch()) box.focus();
  }

  function onPaste(event: ClipboardEvent): void {
    const data = event.clipboardData;
    if (!data?.files.length) return;
    // Spreadsheet cells are pasted as text and a picture: use the text. A copied file comes with its name as text.
    const pastedText = data.getData("text/plain");
    if (pastedText.trim() && ![...data.files].every(({ name }) => pastedText.includes(name))) return;
    event.preventDefault();
    attach(data.files);
  }

  function grow(): void {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
  createEffect(on(text, grow));
  onMount(() => {
    if (!isTouch()) box.focus({ preventScroll: true });
  });
  // Replying and editing focus the field.
  createEffect(on([editTarget, replyTarget], ([edit, answer]) => (edit || answer) && box.focus(), { defer: true }));

  /** In place of what stands between two positions. */
  function insert(insertion: string, from = box.selectionStart, to = box.selectionEnd): void {
    box.focus();
    box.setRangeText(insertion, from, to, "end");
    write(box.value);
    setCaret(box.selectionStart);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event) || completion?.onKeyDown(event)) return;
    const { key } = event;
    if (key === "Escape" && (composer.isSendQueued() || editTarget() || replyTarget())) {
      if (composer.isSendQueued()) composer.cancelSend();
      else composer.reset();
      event.preventDefault();
    }
    if (key === "ArrowUp" && !text() && !event.altKey) {
      const own = props.lastOwn();
      if (own && chat.permissions(roomId).write) (event.preventDefault(), composer.edit(own));
    }
    if (key !== "Enter") return;
    const mod = event.ctrlKey || event.metaKey;
    if (!mod && (event.shiftKey || isTouch() || !prefs().enterSends)) return;
    event.preventDefault();
    void submit();
  }

  return (
    <form
      class={`composer ${props.class ?? ""}`}
      onSubmit={(event) => (event.preventDefault(), void submit(), box.focus())}
    >
      <Suspense>
        <ComposerExtras
          composer={composer}
          length={length()}
          caret={caret()}
          field={() => box}
          handle={(it) => (completion = it)}
          onInsert={insert}
          onFiles={attach}
          onWidth={grow}
        />
      </Suspense>
      <div class="composer-line">
        <textarea
          ref={box}
          rows={1}
          // What is empty is read as its page is: else the placeholder would begin at the wrong end.
          dir={text() ? "auto" : undefined}
          value={text()}
          readOnly={composer.isSendQueued()}
          aria-label={props.label}
          placeholder={props.label}
          enterkeyhint={isTouch() ? "enter" : "send"}
          onInput={(event) => (write(event.currentTarget.value), setCaret(event.currentTarget.selectionStart))}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => setCaret(0)}
        />
        <input ref={picker} type="file" multiple hidden onChange={() => (attach(picker.files!), (picker.value = ""))} />
        <button type="button" class="icon-button composer-button" aria-label={t("attach")} title={t("attach")} onClick={() => picker.click()}>
          <Icon name="clip" />
        </button>
        <EmojiButton label={t("emoji")} class="icon-button composer-button" onPick={(emoji) => insert(emoji)}>
          <Icon name="smile" />
        </EmojiButton>
        <button class="send" aria-label={action()} title={action()} disabled={!canSend()}>
          <Icon name={editTarget() ? "check" : "send"} />
        </button>
      </div>
    </form>
  );
}
