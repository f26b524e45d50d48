import { Show, createEffect, createMemo, createSignal, on, onCleanup, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { prefs } from "../../state/prefs";
import { TypingThrottle } from "../../state/typing";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { createMedia } from "../kit/media";

/** What the server takes, in characters. */
const MOST = 4_000;
/** From here on the characters that are left are shown. */
const WARN = 3_600;
/** What the server refuses in a text: controls, and marks that turn the direction of what follows. */
// eslint-disable-next-line no-control-regex
const REFUSED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Where messages are written. */
export function Composer(props: { roomId: string; onSend: (text: string) => void }) {
  const chat = useChat();
  const throttle = new TypingThrottle();
  const touch = createMedia("(pointer: coarse)");
  const [text, setText] = createSignal(chat.drafts.get(props.roomId));
  let box!: HTMLTextAreaElement;

  const clean = createMemo(() => text().replace(REFUSED, "").trim());
  // Characters as the server counts them, not UTF-16.
  const length = createMemo(() => (text().length < WARN ? text().length : [...clean()].length));
  const sendable = () => clean() !== "" && length() <= MOST;
  const name = () => chat.room(props.roomId)?.room.name ?? "";

  function grow(): void {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
  createEffect(on(text, grow));
  onMount(() => {
    if (!touch()) box.focus({ preventScroll: true });
  });

  function write(value: string): void {
    setText(value);
    chat.drafts.set(props.roomId, value);
    const now = Date.now();
    if (value.trim() === "" ? throttle.stop(now) : throttle.input(now)) {
      chat.setTyping(props.roomId, value.trim() !== "");
    }
  }
  onCleanup(() => throttle.stop(Date.now()) && chat.setTyping(props.roomId, false));

  function send(): void {
    if (!sendable()) return;
    const message = clean();
    // The message itself tells others that the writing is over.
    throttle.stop(Date.now());
    setText("");
    chat.drafts.set(props.roomId, "");
    props.onSend(message);
    box.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    // An input method uses Enter to take a suggestion.
    if (event.key !== "Enter" || event.isComposing) return;
    const mod = event.ctrlKey || event.metaKey;
    if (!mod && (event.shiftKey || touch() || !prefs().enterSends)) return;
    event.preventDefault();
    send();
  }

  return (
    <form class="composer" onSubmit={(event) => (event.preventDefault(), send())}>
      <textarea
        ref={box}
        rows={1}
        dir="auto"
        value={text()}
        aria-label={t("writeTo", { room: name() })}
        placeholder={t("writeTo", { room: name() })}
        enterkeyhint={touch() ? "enter" : "send"}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Show when={length() > WARN}>
        <span class="composer-count" classList={{ error: length() > MOST }} role="status">
          {length() > MOST
            ? t("tooLong", { count: length() - MOST })
            : t("charactersLeft", { count: MOST - length() })}
        </span>
      </Show>
      <button class="send" aria-label={t("send")} title={t("send")} disabled={!sendable()}>
        <Icon name="send" />
      </button>
    </form>
  );
}
