import "../shared/deferred-icons";

import { Show, createSignal } from "solid-js";

import type { Account } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Confirm } from "../shared/Confirm";
import { Icon } from "../shared/Icon";
import { Menu, type MenuItem } from "../shared/Menu";
import { toast } from "../shared/toast";
import { RecoveryLinkDialog } from "./RecoveryLinkDialog";

/** What an admin can do with an account, besides its role. */
export function AccountMenu(props: { account: Account; onChange: (account: Account) => void }) {
  const chat = useChat();
  const [open, setOpen] = createSignal<"suspend" | "restore" | "recover">();
  const close = () => setOpen(undefined);
  const user = () => props.account.user;
  const name = () => user().displayName;

  const items = (): MenuItem[] =>
    props.account.suspendedAt
      ? [{ label: t("restore"), icon: "check", act: () => setOpen("restore") }]
      : [
          { label: t("createRecovery"), icon: "link", act: () => setOpen("recover") },
          { label: t("suspend"), icon: "ban", danger: true, separated: true, act: () => setOpen("suspend") },
        ];

  async function suspend(suspended: boolean): Promise<void> {
    props.onChange(await chat.api.suspendAccount(user().id, suspended));
    toast(t("saved"));
  }

  return (
    <>
      <Menu class="icon-button" label={t("manageAccount", { name: name() })} items={items()}>
        <Icon name="more" />
      </Menu>
      <Show when={open() === "suspend"}>
        <Confirm
          title={t("suspend")}
          question={user().id === chat.me().id ? t("suspendMeQuestion") : t("suspendQuestion", { name: name() })}
          act={() => suspend(true)}
          onClose={close}
        />
      </Show>
      <Show when={open() === "restore"}>
        <Confirm title={t("restore")} question={t("restoreQuestion", { name: name() })} mild act={() => suspend(false)} onClose={close} />
      </Show>
      <Show when={open() === "recover"}>
        <RecoveryLinkDialog user={user()} onClose={close} />
      </Show>
    </>
  );
}
