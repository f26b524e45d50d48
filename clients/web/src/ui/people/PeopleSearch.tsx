import { For, Show, createEffect, createSignal, on, onCleanup } from "solid-js";

import type { User } from "../../nouns";
import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { explain, t } from "../i18n";
import { Icon } from "../kit/Icon";
import { PersonLine } from "./PersonLine";

const PAUSE_MS = 200;

/** Finds people by the beginning of a name. */
export function PeopleSearch(props: {
  chosen?: readonly User[];
  disabled?: boolean;
  onChoose: (user: User) => void;
}) {
  const chat = useChat();
  const [query, setQuery] = createSignal("");
  const people = createPaged((text, token) => chat.api.searchUsers(text, token));
  createEffect(
    on(query, (text) => {
      const timer = setTimeout(() => void people.search(text.trim()), PAUSE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  const isChosen = (user: User) => props.chosen?.some(({ id }) => id === user.id) ?? false;
  return (
    <div class="people">
      <div class="search-box">
        <Icon name="search" />
        <input
          type="search"
          autofocus
          aria-label={t("findPeople")}
          placeholder={t("findPeople")}
          maxLength={64}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
        />
      </div>
      <ul class="people-list" aria-busy={people.loading()}>
        <For each={people.items()}>
          {(user) => (
            <li>
              <button
                type="button"
                class="member"
                disabled={props.disabled}
                aria-pressed={props.chosen ? isChosen(user) : undefined}
                onClick={() => props.onChoose(user)}
              >
                <PersonLine user={user} />
                <Show when={isChosen(user)}>
                  <Icon name="check" />
                </Show>
              </button>
            </li>
          )}
        </For>
        <Show when={!people.items().length}>
          <li class="muted people-none">
            {people.failure()
              ? explain(people.failure())
              : query().trim() && !people.loading()
                ? t("nobodyFound")
                : t("findPeopleHint")}
          </li>
        </Show>
      </ul>
    </div>
  );
}
