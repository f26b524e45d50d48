import { Show, createSignal } from "solid-js";

import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { attempt } from "../shared/toast";

export function CodeBlock(props: { language: string; text: string }) {
  const [isCopied, setCopied] = createSignal(false);
  async function copy(): Promise<void> {
    const { copyCode } = await import("./copy-code");
    if (!(await copyCode(props.text))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  }
  return (
    <figure class="code" dir="ltr">
      <figcaption>
        <Show when={props.language}>
          <span>{props.language}</span>
        </Show>
        <button
          type="button"
          class="code-copy"
          aria-label={isCopied() ? t("copied") : t("copyCode")}
          onClick={() => void attempt(copy())}
        >
          <Icon name={isCopied() ? "check" : "copy"} />
        </button>
      </figcaption>
      {/* It scrolls sideways, so the keyboard has to get there. */}
      <pre tabIndex={0}>
        <code>{props.text}</code>
      </pre>
    </figure>
  );
}
