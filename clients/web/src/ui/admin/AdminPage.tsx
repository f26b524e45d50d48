import { For, Show, createEffect, createSignal, on, onCleanup } from "solid-js";

import type { AccountRole } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { explain, t } from "../i18n";
import { Icon } from "../shared/Icon";
import { visit } from "../shared/router";
import { AccountItem, ROLES, ROLE_TEXT } from "./AccountItem";
import { SignUpSettings } from "./SignUpSettings";

const DEBOUNCE_MS = 200;

/** Who may have an account on the server, who has one, and what they may do there. */
export default function AdminPage() {
  const chat = useChat();
  const [query, setQuery] = createSignal("");
  const [role, setRole] = createSignal<AccountRole | "">("");
  const accounts = createPagedList(async (text, token) => {
    const part = await chat.api.listAccounts(text, role(), token);
    chat.updateUsers(part.items.map(({ user }) => user));
    return part;
  });
  const search = () => void accounts.load(query().trim());
  // Coming here again asks again: one may have become an admin meanwhile.
  createEffect(
    on([query, role, visit], ([text], before) => {
      const timer = setTimeout(search, before && before[0] !== text ? DEBOUNCE_MS : 0);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  /** Nothing of the page is left for who is no admin, or no longer one. */
  const isRefused = () => accounts.failure()?.reason === "NOT_SERVER_ADMIN";
  return (
    <div class="page">
      <header class="page-head">
        <a class="icon-button back" href="/" aria-label={t("back")}>
          <Icon name="back" />
        </a>
        <div class="grow">
          <h1>{t("administration")}</h1>
          <p class="muted">{isRefused() ? explain(accounts.failure()) : t("administrationHint")}</p>
        </div>
      </header>
      <Show when={!isRefused()}>
        <SignUpSettings />
        <div class="account-search">
          <div class="search-box search-box-large">
            <Icon name="search" />
            <input
              type="search"
              aria-label={t("findPeople")}
              placeholder={t("findPeople")}
              maxLength={64}
              onInput={(event) => setQuery(event.currentTarget.value)}
            />
          </div>
          <select class="input" aria-label={t("accountRole")} onChange={(event) => setRole(event.currentTarget.value as AccountRole | "")}>
            <option value="">{t("anyRole")}</option>
            <For each={ROLES}>{(it) => <option value={it}>{t(ROLE_TEXT[it])}</option>}</For>
          </select>
        </div>
        <ul class="accounts" aria-busy={accounts.loading()}>
          <For each={accounts.items()}>{(account) => <AccountItem account={account} onStale={search} />}</For>
        </ul>
        <Show when={accounts.failure()}>
          {(failure) => (
            <p class="page-note">
              {explain(failure())}{" "}
              <button type="button" class="link" onClick={search}>
                {t("tryAgain")}
              </button>
            </p>
          )}
        </Show>
        <Show when={accounts.isLoaded() && !accounts.loading() && !accounts.failure() && !accounts.items().length}>
          <p class="page-note muted">{t("noPeopleFound")}</p>
        </Show>
        <Show when={accounts.hasMore()}>
          <button type="button" class="button page-more" disabled={accounts.loading()} onClick={() => void accounts.loadMore()}>
            {t("more")}
          </button>
        </Show>
      </Show>
    </div>
  );
}
