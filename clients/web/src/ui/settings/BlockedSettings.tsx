import { For, Show, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { explain, t } from "../i18n";
import { Avatar } from "../kit/Avatar";
import { attempt } from "../kit/toast";

/** Whom the user has blocked. */
export function BlockedSettings() {
  const chat = useChat();
  const people = createPaged((_, token) => chat.api.listBlockedUsers(token));
  onMount(() => void people.search(""));
  async function unblock(id: string): Promise<void> {
    if (await attempt(chat.block(id, false))) await people.search("");
  }
  return (
    <div class="card settings-card">
      <p class="muted">{t("blockedHint")}</p>
      <Show when={people.items().length} fallback={<p>{people.loading() ? "" : explainOr(people.failure(), t("nobodyBlocked"))}</p>}>
        <ul class="plain-list">
          <For each={people.items()}>
            {(user) => (
              <li>
                <Avatar id={user.id} name={user.displayName} />
                <span class="member-text">
                  <span class="member-name clip" dir="auto">
                    {user.displayName}
                  </span>
                  <bdi class="member-note clip">@{user.username}</bdi>
                </span>
                <button type="button" class="button" onClick={() => void unblock(user.id)}>
                  {t("unblock")}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </div>
  );
}

function explainOr(failure: unknown, text: string): string {
  return failure ? explain(failure) : text;
}
