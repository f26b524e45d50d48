import { For } from "solid-js";

import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { SHORTCUTS, isMac } from "./shortcuts";

export default function ShortcutSheet(props: { onClose: () => void }) {
  const name = (key: string) => {
    if (key === "Mod") return isMac ? "⌘" : "Ctrl";
    return key === "Alt" && isMac ? "⌥" : key;
  };
  return (
    <Dialog title={t("shortcuts")} onClose={props.onClose}>
      <dl class="shortcuts">
        <For each={SHORTCUTS}>
          {({ keys, text }) => (
            <div>
              <dt>{t(text)}</dt>
              <dd>
                <For each={keys}>{(key) => <kbd>{name(key)}</kbd>}</For>
              </dd>
            </div>
          )}
        </For>
      </dl>
    </Dialog>
  );
}
