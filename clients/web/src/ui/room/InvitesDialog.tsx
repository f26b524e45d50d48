import "../shared/deferred-icons";

import { For, Show, onMount } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { formatCount, formatTime } from "../i18n/format-values";
import { formatDuration } from "../i18n/format-values.deferred";
import { t } from "../i18n";
import { copyText } from "../shared/copy";
import { Dialog } from "../shared/Dialog";
import { createForm, text } from "../shared/form";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { FormError } from "../shared/FormError";
import { attempt, toast } from "../shared/toast";
import { invitePath } from "../shared/router";

const DAY_MS = 24 * 3_600_000;
/** For how many days a link may be good; 0 for ever. */
const DAYS = [1, 7, 30, 0] as const;
/** How many may join by it; 0 for any number. */
const USES = [0, 1, 10, 100] as const;

/** Links by which others can join a room. */
export default function InvitesDialog(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  // All of them at once: a room has no more than a hundred.
  const invites = createPagedList(async () => ({ items: await chat.api.listInvites(props.roomId), next: "" }));
  const read = () => invites.load("");
  onMount(() => void read());
  const form = createForm(async (data) => {
    await chat.api.createInvite(props.roomId, Number(text(data, "days")) * DAY_MS, Number(text(data, "uses")));
    void read();
  });
  const expiryText = (days: number) => {
    if (!days) return t("inviteNeverExpires");
    return days === 7 ? formatDuration(1, "week") : formatDuration(days, "day");
  };
  async function end(code: string): Promise<void> {
    if (await attempt(chat.api.revokeInvite(code))) void read();
  }
  async function copyLink(code: string): Promise<void> {
    if (await copyText(location.origin + invitePath(code))) toast(t("copied"));
  }
  return (
    <Dialog title={t("invites")} onClose={props.onClose}>
      <p class="muted">{t("invitesHint")}</p>
      <PagedList paged={invites} class="plain-list invite-list" none={t("noInvites")}>
        {(invite) => (
          <li>
            <span class="member-text">
              <input class="input" dir="ltr" readOnly value={location.origin + invitePath(invite.code)} aria-label={t("inviteLink")} />
              <span class="member-note">
                {t("inviteUseCount", { count: invite.uses })}
                <Show when={invite.maxUses}>{(max) => <> · {t("inviteUseLimit", { max: max() })}</>}</Show>
                <Show when={invite.expiresAt}>
                  {" · "}
                  {t("inviteExpiresAt", { time: formatTime(invite.expiresAt, "short") })}
                </Show>
              </span>
            </span>
            <button type="button" class="icon-button" aria-label={t("copyLink")} title={t("copyLink")} onClick={() => void copyLink(invite.code)}>
              <Icon name="copy" />
            </button>
            <button type="button" class="icon-button" aria-label={t("endInvite")} title={t("endInvite")} onClick={() => void end(invite.code)}>
              <Icon name="trash" />
            </button>
          </li>
        )}
      </PagedList>
      <form class="invite-new" onSubmit={form.submit}>
        <label class="field">
          <span>{t("inviteExpiry")}</span>
          <select class="input" name="days">
            <For each={DAYS}>{(days) => <option value={days} selected={days === 7}>{expiryText(days)}</option>}</For>
          </select>
        </label>
        <label class="field">
          <span>{t("inviteMaxUses")}</span>
          <select class="input" name="uses">
            <For each={USES}>{(uses) => <option value={uses}>{uses ? formatCount({ count: uses, more: false }) : t("inviteUnlimited")}</option>}</For>
          </select>
        </label>
        <FormError text={form.errorText()} />
        <div class="dialog-foot">
          <button class="button button-primary" disabled={form.busy()}>
            <Icon name="link" />
            {t("createInvite")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
