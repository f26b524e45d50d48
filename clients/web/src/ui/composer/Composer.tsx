import { Show, Suspense, createEffect, createSignal, lazy, on, onMount } from "solid-js";

import type { Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { prefs } from "../../state/prefs";
import { EmojiButton } from "../emoji/EmojiButton";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { createMedia } from "../kit/media";
import { useRoom } from "../room/tools";
import { ComposerNote } from "./ComposerNote";
import type { CompletionHandle } from "./Completion";
import { MOST, WARN, createComposing, type Send } from "./composing";

const AttachingList = lazy(() => import("./AttachingList"));
const Completion = lazy(() => import("./Completion"));

/** Where messages are written: in a room, or in one of its threads. */
export function Composer(props: {
  class?: string;
  label: string;
  /** Names what is begun and not sent. */
  draft: string;
  /** Others are told that something is being written. */
  tells?: boolean;
  /** What arrow up edits. */
  lastOwn: () => Message | undefined;
  onSend: Send;
}) {
  const chat = useChat();
  const tools = useRoom();
  const { roomId } = tools;
  const touch = createMedia("(pointer: coarse)");
  const { text, length, sendable, write, submit, attaching } = createComposing({
    tools,
    draft: props.draft,
    tells: props.tells ?? false,
    send: (...said) => props.onSend(...said),
  });
  let picker!: HTMLInputElement;
  const take = (event: Event, data: DataTransfer | null) => {
    if (!data?.files.length) return;
    event.preventDefault();
    attaching.add(data.files);
  };
  const [caret, setCaret] = createSignal(0);
  let box!: HTMLTextAreaElement;
  let completion: CompletionHandle | undefined;

  function grow(): void {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
  createEffect(on(text, grow));
  onMount(() => {
    if (!touch()) box.focus({ preventScroll: true });
  });
  // Whoever answers or edits wants to write now.
  createEffect(on([tools.editing, tools.answering], ([edit, answer]) => (edit || answer) && box.focus(), { defer: true }));

  /** In place of what stands between two positions. */
  function insert(piece: string, from = box.selectionStart, to = box.selectionEnd): void {
    box.focus();
    box.setRangeText(piece, from, to, "end");
    write(box.value);
    setCaret(box.selectionStart);
  }

  function onKeyDown(event: KeyboardEvent): void {
    // An input method uses Enter to take a suggestion.
    if (event.isComposing || completion?.onKeyDown(event)) return;
    const { key } = event;
    if (key === "Escape" && (tools.editing() || tools.answering())) {
      tools.rest();
      event.preventDefault();
    }
    if (key === "ArrowUp" && !text() && !event.altKey) {
      const own = props.lastOwn();
      if (own && chat.rights(roomId).write) (event.preventDefault(), tools.edit(own));
    }
    if (key !== "Enter") return;
    const mod = event.ctrlKey || event.metaKey;
    if (!mod && (event.shiftKey || touch() || !prefs().enterSends)) return;
    event.preventDefault();
    void submit();
  }

  return (
    <form
      class={`composer ${props.class ?? ""}`}
      onSubmit={(event) => (event.preventDefault(), void submit(), box.focus())}
      onDragOver={(event) => event.dataTransfer?.types.includes("Files") && event.preventDefault()}
      onDrop={(event) => take(event, event.dataTransfer)}
    >
      <ComposerNote />
      <Suspense>
        <Show when={attaching.files().length}>
          <AttachingList files={attaching.files()} />
        </Show>
      </Suspense>
      <Suspense>
        <Completion text={text()} caret={caret()} handle={(it) => (completion = it)} onTake={insert} />
      </Suspense>
      <div class="composer-line">
        <textarea
          ref={box}
          rows={1}
          dir="auto"
          value={text()}
          aria-label={props.label}
          placeholder={props.label}
          enterkeyhint={touch() ? "enter" : "send"}
          onInput={(event) => (write(event.currentTarget.value), setCaret(event.currentTarget.selectionStart))}
          onKeyDown={onKeyDown}
          onPaste={(event) => take(event, event.clipboardData)}
          onBlur={() => setCaret(0)}
        />
        <Show when={length() > WARN}>
          <span class="composer-count" classList={{ error: length() > MOST }} role="status">
            {length() > MOST
              ? t("tooLong", { count: length() - MOST })
              : t("charactersLeft", { count: MOST - length() })}
          </span>
        </Show>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={() => (attaching.add(picker.files ?? []), (picker.value = ""))}
        />
        <button type="button" class="icon-button composer-button" aria-label={t("attach")} title={t("attach")} onClick={() => picker.click()}>
          <Icon name="clip" />
        </button>
        <EmojiButton label={t("emoji")} class="icon-button composer-button" onPick={(emoji) => insert(emoji)}>
          <Icon name="smile" />
        </EmojiButton>
        <button
          class="send"
          aria-label={tools.editing() ? t("save") : t("send")}
          title={tools.editing() ? t("save") : t("send")}
          disabled={!sendable()}
        >
          <Icon name={tools.editing() ? "check" : "send"} />
        </button>
      </div>
    </form>
  );
}
