import { For } from "solid-js";

import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { isMac } from "./shortcuts";

/** Keys as they are shown; "Mod" is Command on a Mac. */
const SHORTCUTS = [
  { keys: ["Mod", "K"], text: "shortcutPalette" },
  { keys: ["?"], text: "shortcutList" },
  { keys: ["Alt", "↑"], text: "shortcutPreviousRoom" },
  { keys: ["Alt", "↓"], text: "shortcutNextRoom" },
  { keys: ["Alt", "Shift", "↓"], text: "shortcutNextUnread" },
  { keys: ["Esc"], text: "shortcutJumpToEnd" },
  { keys: ["Alt", "M"], text: "shortcutMembers" },
  { keys: ["C"], text: "shortcutCompose" },
  { keys: ["↑"], text: "shortcutEdit" },
  { keys: ["Enter"], text: "shortcutSend" },
  { keys: ["Shift", "Enter"], text: "shortcutNewLine" },
] as const;

const MAC = { Mod: "⌘", Alt: "⌥" };

/** Keys that have another name on keyboards of some languages. */
const NAMES = { Mod: "keyCtrl", Shift: "keyShift", Enter: "keyEnter", Esc: "keyEsc" } as const;

export default function ShortcutsDialog(props: { onClose: () => void }) {
  const name = (key: string) => {
    if (isMac && key in MAC) return MAC[key as keyof typeof MAC];
    return key in NAMES ? t(NAMES[key as keyof typeof NAMES]) : key;
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
