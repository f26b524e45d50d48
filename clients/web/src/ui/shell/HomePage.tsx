import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Logo } from "../shared/Logo";
import { isMac } from "./shortcuts";
import type { ShellOverlay } from "./SignedIn";

/** Beside the list of rooms while none is open. */
export default function HomePage(props: { onOverlay: (overlay: ShellOverlay) => void }) {
  const chat = useChat();
  return (
    <div class="empty">
      <Logo />
      <Show
        when={chat.rooms().length}
        fallback={
          <>
            <h1>{t("noRooms")}</h1>
            <p class="muted">{t("noRoomsHint")}</p>
          </>
        }
      >
        <h1>{t("selectRoom")}</h1>
        <p class="muted">{t("selectRoomHint", { key: isMac ? "⌘K" : `${t("keyCtrl")}+K` })}</p>
      </Show>
      <div class="row">
        <a class="button button-primary" href="/directory">
          {t("browseRooms")}
        </a>
        <button type="button" class="button" onClick={() => props.onOverlay("createRoom")}>
          {t("createRoom")}
        </button>
      </div>
    </div>
  );
}
