import { createSignal, onMount } from "solid-js";

import { prefs } from "../../state/prefs";
import { REFUSED } from "../composer/composing";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";

/** Where answers in a thread are written. */
export function ThreadComposer(props: { onSend: (text: string) => void }) {
  const [text, setText] = createSignal("");
  const clean = () => text().replace(REFUSED, "").trim();
  let box!: HTMLTextAreaElement;
  onMount(() => box.focus({ preventScroll: true }));
  function send(): void {
    if (!clean() || [...clean()].length > 4_000) return;
    props.onSend(clean());
    setText("");
    box.style.height = "auto";
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.isComposing) return;
    if (!(event.ctrlKey || event.metaKey) && (event.shiftKey || !prefs().enterSends)) return;
    event.preventDefault();
    send();
  }
  return (
    <form class="composer thread-composer" onSubmit={(event) => (event.preventDefault(), send(), box.focus())}>
      <div class="composer-line">
        <textarea
          ref={box}
          rows={1}
          dir="auto"
          value={text()}
          aria-label={t("threadReply")}
          placeholder={t("threadReply")}
          onInput={(event) => {
            setText(event.currentTarget.value);
            box.style.height = "auto";
            box.style.height = `${box.scrollHeight}px`;
          }}
          onKeyDown={onKeyDown}
        />
        <button class="send" aria-label={t("send")} title={t("send")} disabled={!clean()}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
