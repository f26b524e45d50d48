import { Show, createResource } from "solid-js";

import type { User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { explain, t } from "../i18n";
import { copyText } from "../shared/copy";
import { Dialog } from "../shared/Dialog";
import { Icon } from "../shared/Icon";
import { FormError } from "../shared/FormError";
import { toast } from "../shared/toast";

/** A new link for an account whose password is lost. It is shown this once: the server does not keep it. */
export function RecoveryLinkDialog(props: { user: User; onClose: () => void }) {
  const chat = useChat();
  const [answer] = createResource(() => chat.api.createRecoveryLink(props.user.id).catch((error: unknown) => error as Error));
  const link = () => {
    const it = answer();
    return it && !(it instanceof Error) ? { url: location.origin + it.path, expiresAt: it.expiresAt } : undefined;
  };
  const errorText = () => (answer() instanceof Error ? explain(answer()) : undefined);
  async function copyLink(url: string): Promise<void> {
    if (await copyText(url)) toast(t("copied"));
  }
  return (
    <Dialog title={t("recoveryLink")} onClose={props.onClose}>
      <FormError text={errorText()} />
      <Show when={!errorText()}>
        <div class="recovery" aria-busy={answer.loading}>
          <p>{t("recoveryHint", { name: props.user.displayName })}</p>
          <input
            class="input"
            dir="ltr"
            readOnly
            value={link()?.url ?? ""}
            aria-label={t("recoveryLink")}
            onFocus={(event) => event.currentTarget.select()}
          />
          <p class="hint">{link() && t("recoveryExpiry", { time: formatTime(link()!.expiresAt, "short") })}</p>
          <div class="dialog-foot">
            <button type="button" class="button button-primary" disabled={!link()} onClick={() => void copyLink(link()!.url)}>
              <Icon name="copy" />
              {t("copyLink")}
            </button>
          </div>
        </div>
      </Show>
    </Dialog>
  );
}
