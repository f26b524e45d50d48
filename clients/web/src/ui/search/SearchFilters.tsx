import { For, Show, createEffect, createSignal, on, onCleanup } from "solid-js";

import type { Member, User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { formatCount } from "../i18n/format-values";
import { labelled, t } from "../i18n";
import { Field } from "../shared/Field";
import { Icon } from "../shared/Icon";
import { UserLine } from "../people/UserLine";

const DEBOUNCE_MS = 200;
/** More people are found by more letters. */
const MAX_PEOPLE = 5;

/** Days as date fields write them; empty for no limit. */
export interface DateRange {
  readonly since: string;
  readonly until: string;
}

/** The reader's midnight at which a day begins, so many days later. */
export function startOf(day: string, later: number): number | undefined {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? undefined : at.getTime();
}

/** What one need not know how to write. */
export function SearchFilters(props: {
  roomId: string;
  from: User | undefined;
  onFrom: (user: User | undefined) => void;
  dateRange: DateRange;
  onDateRange: (dateRange: DateRange) => void;
  hasFile: boolean;
  onHasFile: (on: boolean) => void;
}) {
  const count = () => [props.from, props.dateRange.since, props.dateRange.until, props.hasFile].filter(Boolean).length;
  const day = (label: string, name: keyof DateRange) => (
    <Field
      label={label}
      type="date"
      value={props.dateRange[name]}
      onChange={(event) => props.onDateRange({ ...props.dateRange, [name]: event.currentTarget.value })}
    />
  );
  return (
    <details class="filters">
      <summary>
        <Icon name="settings" />
        {t("filters")}
        <Show when={count()}>
          <span class="tag">{formatCount({ count: count(), more: false })}</span>
        </Show>
      </summary>
      <div class="filters-body">
        <Show when={props.from} fallback={<FromField roomId={props.roomId} onChoose={props.onFrom} />} keyed>
          {(user) => (
            <p class="filters-from">
              <span class="muted small">{t("searchFrom")}</span>
              <span class="chip">
                <bdi class="clip">{user.displayName}</bdi>
                <button type="button" aria-label={labelled(t("clearSender"), user.displayName)} title={t("clearSender")} onClick={() => props.onFrom(undefined)}>
                  <Icon name="close" />
                </button>
              </span>
            </p>
          )}
        </Show>
        <div class="filters-days">
          {day(t("searchStartDate"), "since")}
          {day(t("searchEndDate"), "until")}
        </div>
        <label class="check">
          <input type="checkbox" checked={props.hasFile} onChange={(event) => props.onHasFile(event.currentTarget.checked)} />
          {t("searchHasFile")}
        </label>
      </div>
    </details>
  );
}

/** Finds a member by the beginning of a name. */
function FromField(props: { roomId: string; onChoose: (user: User) => void }) {
  const chat = useChat();
  const [name, setName] = createSignal("");
  const people = createPagedList<Member>((text, token) => chat.api.listMembers(props.roomId, text, token));
  createEffect(
    on(name, (text) => {
      if (!text.trim()) return people.clear();
      const timer = setTimeout(() => void people.load(text.trim()), DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  return (
    <div>
      <Field label={t("searchFrom")} type="search" maxLength={64} autocomplete="off" placeholder={t("searchAnySender")} onInput={(event) => setName(event.currentTarget.value)} />
      <div role="status">
        <Show when={name().trim() && !people.loading() && !people.items().length && !people.failure()}>
          <p class="muted small">{t("noPeopleFound")}</p>
        </Show>
      </div>
      <ul>
        <For each={people.items().slice(0, MAX_PEOPLE)}>
          {({ user }) => (
            <li>
              <button type="button" class="member" onClick={() => props.onChoose(user)}>
                <UserLine user={user} />
              </button>
            </li>
          )}
        </For>
      </ul>
    </div>
  );
}
