import { For, Show, createResource } from "solid-js";

import { useChat } from "../../state/chat";
import { formatTime } from "../format";
import { t } from "../i18n";
import { copy } from "../kit/copy";
import { Dialog } from "../kit/Dialog";
import { Icon } from "../kit/Icon";
import { attempt, toast } from "../kit/toast";
import { invitePath } from "../router";

const WEEK_MS = 7 * 24 * 3_600_000;

/** Links by which others can join a room. */
export default function InvitesDialog(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const [invites, { refetch }] = createResource(() => chat.api.listInvites(props.roomId).catch(() => []));
  async function make(): Promise<void> {
    if (await attempt(chat.api.createInvite(props.roomId, WEEK_MS, 0))) void refetch();
  }
  async function end(code: string): Promise<void> {
    if (await attempt(chat.api.revokeInvite(code))) void refetch();
  }
  async function take(code: string): Promise<void> {
    if (await copy(location.origin + invitePath(code))) toast(t("copied"));
  }
  return (
    <Dialog title={t("invites")} onClose={props.onClose}>
      <p class="muted">{t("invitesHint")}</p>
      <ul class="plain-list invite-list">
        <For each={invites()}>
          {(invite) => (
            <li>
              <span class="member-text">
                <input class="input" readOnly value={location.origin + invitePath(invite.code)} aria-label={t("inviteLink")} />
                <span class="member-note">
                  {t("inviteUses", { count: invite.uses })}
                  <Show when={invite.expiresAt}>
                    {" · "}
                    {t("inviteUntil", { time: formatTime(invite.expiresAt, "short") })}
                  </Show>
                </span>
              </span>
              <button type="button" class="icon-button" aria-label={t("copyLink")} title={t("copyLink")} onClick={() => void take(invite.code)}>
                <Icon name="copy" />
              </button>
              <button type="button" class="icon-button" aria-label={t("endInvite")} title={t("endInvite")} onClick={() => void end(invite.code)}>
                <Icon name="trash" />
              </button>
            </li>
          )}
        </For>
      </ul>
      <div class="dialog-foot">
        <button type="button" class="button button-primary" onClick={() => void make()}>
          <Icon name="link" />
          {t("createInvite")}
        </button>
      </div>
    </Dialog>
  );
}
