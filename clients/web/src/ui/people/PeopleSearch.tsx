import { For, Show, createEffect, createSignal, createUniqueId, on, onCleanup } from "solid-js";

import type { User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { explain, t } from "../i18n";
import { Icon } from "../shared/Icon";
import { isComposing } from "../shared/ime";
import { UserLine } from "./UserLine";

const DEBOUNCE_MS = 200;

/** Finds people by the beginning of a name: arrows go through them, Enter takes one. */
export function PeopleSearch(props: {
  /** Where several can be chosen. */
  chosen?: readonly User[];
  disabled?: boolean;
  onChoose: (user: User) => void;
}) {
  const chat = useChat();
  const [query, setQuery] = createSignal("");
  const [at, setAt] = createSignal(0);
  /** For which text the people are that are shown. */
  let shownQuery = "";
  const people = createPagedList(async (text, token) => {
    const part = await chat.api.searchUsers(text, token);
    chat.updateUsers(part.items);
    return part;
  });
  const id = createUniqueId();
  const optionId = (i: number) => `${id}-${i}`;
  let list!: HTMLUListElement;
  createEffect(
    on(query, (text) => {
      const timer = setTimeout(() => void people.load(text.trim()).then(() => (shownQuery = text)), DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  createEffect(on(people.items, () => setAt(0)));
  const isChosen = (user: User) => props.chosen?.some((it) => it.id === user.id) ?? false;

  function move(to: number): void {
    const count = people.items().length;
    if (!count) return;
    setAt((to + count) % count);
    list.children[at()]?.scrollIntoView({ block: "nearest" });
  }

  function choose(user: User | undefined): void {
    if (user && !props.disabled) props.onChoose(user);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") move(at() + 1);
    else if (event.key === "ArrowUp") move(at() - 1);
    else if (event.key !== "Enter") return;
    else if (shownQuery === query() && !people.loading()) choose(people.items()[at()]);
    event.preventDefault();
  }

  return (
    <div class="people">
      <div class="search-box">
        <Icon name="search" />
        <input
          type="search"
          autofocus
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={people.items().length > 0}
          aria-controls={id}
          aria-activedescendant={people.items().length ? optionId(at()) : undefined}
          aria-label={t("findPeople")}
          placeholder={t("findPeople")}
          maxLength={64}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="people-list">
        <ul
          id={id}
          role="listbox"
          aria-label={t("suggestions")}
          aria-busy={people.loading()}
          aria-multiselectable={props.chosen !== undefined}
          ref={list}
        >
          <For each={people.items()}>
            {(user, i) => (
              <li
                id={optionId(i())}
                role="option"
                class="member"
                classList={{ "is-active": i() === at() }}
                aria-selected={props.chosen ? isChosen(user) : i() === at()}
                aria-disabled={props.disabled}
                onPointerMove={() => setAt(i())}
                onClick={() => choose(user)}
              >
                <UserLine user={user} />
                <Show when={isChosen(user)}>
                  <Icon name="check" />
                </Show>
              </li>
            )}
          </For>
        </ul>
        <Show when={!people.items().length}>
          <p class="muted people-empty" role="status">
            {people.failure()
              ? explain(people.failure())
              : query().trim() && !people.loading()
                ? t("noPeopleFound")
                : t("findPeopleHint")}
          </p>
        </Show>
      </div>
    </div>
  );
}
