import "../shared/deferred-icons";

import { Show, onMount } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { attempt, toast } from "../shared/toast";

/** Where the user is signed in, and ending that. */
export function SessionSettings() {
  const chat = useChat();
  const sessions = createPagedList((_, token) => chat.api.listSessions(token));
  const read = () => void sessions.load("");
  onMount(read);
  async function end(id: string): Promise<void> {
    if (await attempt(chat.api.revokeSession(id))) read();
  }
  async function endOthers(): Promise<void> {
    const ended = chat.api.revokeOtherSessions();
    if (!(await attempt(ended))) return;
    toast(t("sessionsEnded", { count: await ended }));
    read();
  }
  return (
    <div class="card settings-card">
      <p class="muted">{t("sessionsHint")}</p>
      <PagedList paged={sessions} class="plain-list" none="">
        {(session) => (
          <li>
            <span class="session-icon">
              <Icon name="device" />
            </span>
            <span class="member-text">
              <span class="member-name">
                <span class="clip" dir="auto">
                  {session.device || t("unknownDevice")}
                </span>
                <Show when={session.current}>
                  <span class="tag">{t("thisDevice")}</span>
                </Show>
              </span>
              <span class="member-note">
                <bdi>{session.address}</bdi> · {t("signedInAt", { time: formatTime(session.createdAt, "short") })} ·{" "}
                {t("lastUsedAt", { time: formatTime(session.lastUsedAt, "short") })}
              </span>
            </span>
            <Show when={!session.current}>
              <button type="button" class="button" onClick={() => void end(session.id)}>
                {t("endSession")}
              </button>
            </Show>
          </li>
        )}
      </PagedList>
      <Show when={sessions.items().length > 1}>
        <div class="form-foot">
          <button type="button" class="button button-danger" onClick={() => void endOthers()}>
            {t("endOtherSessions")}
          </button>
        </div>
      </Show>
    </div>
  );
}
