import { Show, createResource } from "solid-js";

import type { User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { explain, t } from "../i18n";
import { copy } from "../shared/copy";
import { Dialog } from "../shared/Dialog";
import { Icon } from "../shared/Icon";
import { Problem } from "../shared/FormError";
import { toast } from "../shared/toast";

/** A new link for an account whose password is lost. It is shown this once: the server does not keep it. */
export function RecoveryLinkDialog(props: { user: User; onClose: () => void }) {
  const chat = useChat();
  const [made] = createResource(() => chat.api.createRecoveryLink(props.user.id).catch((error: unknown) => error as Error));
  const link = () => {
    const it = made();
    return it && !(it instanceof Error) ? { url: location.origin + it.path, expiresAt: it.expiresAt } : undefined;
  };
  const problem = () => (made() instanceof Error ? explain(made()) : undefined);
  async function take(url: string): Promise<void> {
    if (await copy(url)) toast(t("copied"));
  }
  return (
    <Dialog title={t("recoveryLink")} onClose={props.onClose}>
      <Problem text={problem()} />
      <Show when={!problem()}>
        <div class="recovery" aria-busy={made.loading}>
          <p>{t("recoveryHint", { name: props.user.displayName })}</p>
          <input
            class="input"
            dir="ltr"
            readOnly
            value={link()?.url ?? ""}
            aria-label={t("recoveryLink")}
            onFocus={(event) => event.currentTarget.select()}
          />
          <p class="hint">{link() && t("recoveryOnce", { time: formatTime(link()!.expiresAt, "short") })}</p>
          <div class="dialog-foot">
            <button type="button" class="button button-primary" disabled={!link()} onClick={() => void take(link()!.url)}>
              <Icon name="copy" />
              {t("copyLink")}
            </button>
          </div>
        </div>
      </Show>
    </Dialog>
  );
}
