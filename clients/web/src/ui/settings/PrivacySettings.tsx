import { createEffect, createSignal, on, onMount } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { t } from "../i18n";
import { PagedList } from "../shared/PagedList";
import { attempt } from "../shared/toast";
import { UserLine } from "../people/UserLine";

/** Whether others see what the user has read, and whom the user has blocked. */
export function PrivacySettings() {
  const chat = useChat();
  const people = createPagedList((_, token) => chat.api.listBlockedUsers(token));
  const [receipts, setReceipts] = createSignal<boolean>();
  onMount(() => {
    void people.load("");
    chat.api.getMe().then((me) => setReceipts(me.readReceipts), () => undefined);
  });
  // Whoever asks about one is told when any block changes, here or on another device.
  createEffect(on(() => chat.isBlocked(""), () => void people.load(""), { defer: true }));
  async function saveReadReceipts(box: HTMLInputElement): Promise<void> {
    const on = box.checked;
    if (await attempt(chat.api.setReadReceipts(on))) setReceipts(on);
    else box.checked = !on;
  }
  async function unblock(id: string): Promise<void> {
    if (await attempt(chat.setBlocked(id, false))) await people.load("");
  }
  return (
    <div class="card settings-card">
      <label class="choice">
        <input
          type="checkbox"
          checked={receipts() ?? true}
          disabled={receipts() === undefined}
          onChange={(event) => void saveReadReceipts(event.currentTarget)}
        />
        <span>
          {t("readReceipts")}
          <small class="hint">{t("readReceiptsHint")}</small>
        </span>
      </label>
      <h2>{t("blockedPeople")}</h2>
      <p class="muted">{t("blockedHint")}</p>
      <PagedList paged={people} class="plain-list" none={t("noBlockedPeople")}>
        {(user) => (
          <li>
            <UserLine user={user} />
            <button type="button" class="button" onClick={() => void unblock(user.id)}>
              {t("unblock")}
            </button>
          </li>
        )}
      </PagedList>
    </div>
  );
}
