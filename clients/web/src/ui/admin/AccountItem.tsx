import { For, Show, createSignal, untrack } from "solid-js";

import type { Account, AccountRole } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { t, type Key } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { Confirm } from "../shared/Confirm";
import { attempt, toast } from "../shared/toast";
import { AccountMenu } from "./AccountMenu";

export const ROLES: readonly AccountRole[] = ["user", "moderator", "admin"];
export const ROLE_TEXT: Record<AccountRole, Key> = { user: "roleUser", moderator: "roleModerator", admin: "roleAdmin" };

/** One account, the choice of its role, and what else can be done with it. */
export function AccountItem(props: {
  account: Account;
  /** What is shown may not be so any more. */
  onStale: () => void;
}) {
  const chat = useChat();
  // It stays where it is with its new role, also if the list is of another one.
  const [account, setAccount] = createSignal(untrack(() => props.account));
  /** The role that is asked about before it is given. */
  const [pendingRole, setPendingRole] = createSignal<AccountRole>();
  const user = () => chat.user(account().user.id) ?? account().user;
  const isMe = () => user().id === chat.me().id;

  async function applyRole(role: AccountRole): Promise<void> {
    setAccount(await chat.api.setAccountRole(user().id, role));
    toast(t("saved"));
    // Without the role the rest of the list is not for one's eyes.
    if (isMe()) props.onStale();
  }

  async function choose(role: AccountRole): Promise<void> {
    // Who becomes an admin may take it from others, and who was one may not get it back.
    if (role === "admin" || account().role === "admin") setPendingRole(role);
    else if (!(await attempt(applyRole(role)))) props.onStale();
  }

  function question(): string {
    if (pendingRole() === "admin") return t("makeServerAdminQuestion", { name: user().displayName });
    return isMe() ? t("stepDownQuestion") : t("removeAdminQuestion", { name: user().displayName });
  }

  return (
    <li class="account" classList={{ "is-suspended": account().suspendedAt > 0 }}>
      <Avatar id={user().id} name={user().displayName} photo={user().photoId} />
      <span class="member-text">
        <span class="member-name">
          <span class="clip" dir="auto">
            {user().displayName}
          </span>
          <Show when={isMe()}>
            <span class="tag">{t("you")}</span>
          </Show>
          <Show when={account().suspendedAt}>
            <span class="tag tag-error">{t("suspended")}</span>
          </Show>
        </span>
        <span class="member-note">
          <bdi>@{user().username}</bdi> · {t("memberSince", { date: formatTime(user().createdAt, "date") })}
          <Show when={account().lastUsedAt}>{(at) => <> · {t("lastUsedAt", { time: formatTime(at(), "month") })}</>}</Show>
        </span>
      </span>
      <select
        class="input"
        aria-label={t("accountRoleOf", { name: user().displayName })}
        onChange={(event) => {
          const role = event.currentTarget.value as AccountRole;
          // It shows what is, until the server has made it so.
          event.currentTarget.value = account().role;
          void choose(role);
        }}
      >
        <For each={ROLES}>
          {(role) => (
            <option value={role} selected={account().role === role}>
              {t(ROLE_TEXT[role])}
            </option>
          )}
        </For>
      </select>
      <AccountMenu account={account()} onChange={setAccount} />
      <Show when={pendingRole()}>
        {(role) => (
          <Confirm
            title={t(role() === "admin" ? "makeAdmin" : "removeAdmin")}
            question={question()}
            act={() => applyRole(role())}
            onClose={() => setPendingRole(undefined)}
          />
        )}
      </Show>
    </li>
  );
}
