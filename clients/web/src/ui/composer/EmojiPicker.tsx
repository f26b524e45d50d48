import { For, Show, createEffect, createMemo, createResource, createSignal, onMount } from "solid-js";

import { allEmoji, recentEmoji, searchEmoji, type EmojiGroup } from "../../stores/composer/emoji";
import { t, type Key } from "../i18n";
import { isComposing } from "../shared/ime";
import { Icon } from "../shared/Icon";
import { createMedia } from "../shared/media";

const TITLES: Record<string, Key> = {
  recent: "emojiRecent",
  smileys_emotion: "emojiSmileys",
  people_body: "emojiPeople",
  animals_nature: "emojiNature",
  food_drink: "emojiFood",
  travel_places: "emojiTravel",
  activities: "emojiActivities",
  objects: "emojiObjects",
  symbols: "emojiSymbols",
  flags: "emojiFlags",
};
const COLUMNS = 8;

/** All emoji, with a search; Tab leads to one of them, arrows move among them. */
export default function EmojiPicker(props: { onPick: (emoji: string) => void }) {
  const [query, setQuery] = createSignal("");
  const [all] = createResource(() => allEmoji().catch(() => [] as readonly EmojiGroup[]));
  const recent: EmojiGroup = ["recent", recentEmoji().map((emoji) => [emoji, "", ""] as const)];
  const groups = createMemo(() => (query().trim() ? searchEmoji(all() ?? [], query()) : [recent, ...(all() ?? [])]));
  let root!: HTMLDivElement;
  let field!: HTMLInputElement;
  // Where it is touched, the field would call up the keyboard over what one came for.
  const touch = createMedia("(pointer: coarse)");
  onMount(() => (touch() ? root : field).focus({ preventScroll: true }));

  /** Where Tab leads: to the first, or back to where one was. */
  let stop: HTMLElement | undefined;
  function stopAt(button: HTMLElement | null): void {
    if (stop) stop.tabIndex = -1;
    if (button) button.tabIndex = 0;
    stop = button ?? undefined;
  }
  createEffect(() => (groups(), stopAt(root.querySelector<HTMLElement>(".emoji-grid button"))));

  function onKeyDown(event: KeyboardEvent): void {
    const buttons = [...root.querySelectorAll<HTMLElement>(".emoji-grid button")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    const by = { ArrowDown: COLUMNS, ArrowUp: -COLUMNS, ArrowRight: rtl, ArrowLeft: -rtl }[event.key];
    if (isComposing(event) || event.key === "Escape") return;
    event.stopPropagation();
    if (event.key === "Enter" && at < 0 && query()) buttons[0]?.click();
    else if (at < 0 && event.key === "ArrowDown") buttons[0]?.focus();
    else if (at >= 0 && by !== undefined) (buttons[at + by] ?? (by < 0 ? field : undefined))?.focus();
    else return;
    event.preventDefault();
  }

  return (
    <div ref={root} class="emoji-picker" tabIndex={-1} role="dialog" aria-label={t("emoji")} onKeyDown={onKeyDown}>
      <div class="search-box">
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          aria-label={t("findEmoji")}
          placeholder={t("findEmoji")}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </div>
      <div class="emoji-scroll" onFocusIn={(event) => event.target !== event.currentTarget && stopAt(event.target as HTMLElement)}>
        <For each={groups()}>
          {([group, emoji]) => (
            <section class="emoji-group" aria-label={t(TITLES[group] ?? "emoji")}>
              <h3>{t(TITLES[group] ?? "emoji")}</h3>
              <div class="emoji-grid">
                <For each={emoji}>
                  {([it, name]) => (
                    <button type="button" tabIndex={-1} title={name} aria-label={name || it} onClick={() => props.onPick(it)}>
                      {it}
                    </button>
                  )}
                </For>
              </div>
            </section>
          )}
        </For>
        <Show when={!groups().length}>
          <p class="muted emoji-empty">{t("noResults")}</p>
        </Show>
      </div>
    </div>
  );
}
