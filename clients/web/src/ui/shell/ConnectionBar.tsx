import { Match, Show, Switch, createEffect, createMemo, createSignal, onCleanup } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";

/** Interruptions shorter than this are not shown. */
const SHOW_DELAY_MS = 2_000;

/** Shown after a while without a live connection. */
export default function ConnectionBar() {
  const chat = useChat();
  const [isShown, setShown] = createSignal(false);
  const [now, setNow] = createSignal(Date.now());
  const [online, setOnline] = createSignal(navigator.onLine);
  const clock = setInterval(() => isShown() && setNow(Date.now()), 500);
  const network = () => setOnline(navigator.onLine);
  window.addEventListener("online", network);
  window.addEventListener("offline", network);
  onCleanup(() => {
    clearInterval(clock);
    window.removeEventListener("online", network);
    window.removeEventListener("offline", network);
  });

  // Several failed attempts are one interruption.
  const isBroken = createMemo(() => chat.connection().kind === "waiting" || chat.connection().kind === "connecting");
  const ended = createMemo(() => chat.connection().kind === "ended");
  createEffect(() => {
    if (ended()) return setShown(true);
    if (!isBroken()) return setShown(false);
    const timer = setTimeout(() => (setNow(Date.now()), setShown(true)), SHOW_DELAY_MS);
    onCleanup(() => clearTimeout(timer));
  });

  const seconds = () => {
    const state = chat.connection();
    return state.kind === "waiting" ? Math.max(Math.ceil((state.until - now()) / 1000), 0) : 0;
  };

  return (
    <Show when={isShown()}>
      <div class="connection-bar">
        <Switch fallback={<span>{t("connecting")}</span>}>
          <Match when={ended()}>
            <span>{t("disconnected")}</span>
            <button type="button" onClick={() => location.reload()}>
              {t("reload")}
            </button>
          </Match>
          <Match when={!online()}>
            <span>{t("offline")}</span>
          </Match>
          <Match when={seconds() > 0}>
            {/* Read once, not with every second. */}
            <span aria-hidden="true">{t("reconnectingIn", { count: seconds() })}</span>
            <span class="sr-only">{t("connecting")}</span>
            <button type="button" onClick={() => chat.retryNow()}>
              {t("tryNow")}
            </button>
          </Match>
        </Switch>
      </div>
    </Show>
  );
}
