import "../shared/deferred-icons";

import { For, Show, createEffect, createMemo, createSignal, createUniqueId, on, onCleanup } from "solid-js";

import { draftMentionStarts } from "../../stores/mentions/draft-mentions";
import { useChat } from "../../stores/chat";
import { findEmoji } from "../../stores/composer/emoji";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { Icon } from "../shared/Icon";
import { useRoom } from "../room/room-context";

const MAX_CHOICES = 6;
const DEBOUNCE_MS = 120;
/** A name after “@”, where one may begin, right before the caret. After “@” alone everybody is offered. */
const NAME_PREFIX = /@[\p{L}\p{N}\p{M}_.-]{0,32}$/u;
/** An emoji's name after “:”. */
const EMOJI_PREFIX = /(?:^|\s)(:[\p{L}\p{N}\p{M}_.-]{2,32})$/u;
/** Mentions of groups, for members who may use them. */
const GROUP_MENTIONS = ["all", "here"] as const;

interface Choice {
  /** What is put in its place. */
  readonly insertion: string;
  readonly label: string;
  /** Under which name it is called. */
  readonly name?: string;
  readonly user: { readonly id: string; readonly username: string; readonly photoId: string } | undefined;
}

export interface CompletionHandle {
  /** Whether the key was for the list. */
  onKeyDown(event: KeyboardEvent): boolean;
}

/** Offers to complete names and emoji while they are written. */
export function Completion(props: {
  text: string;
  caret: number;
  /** Where it is written; it keeps the focus, and tells what is pointed at. */
  field: () => HTMLTextAreaElement;
  handle: (handle: CompletionHandle) => void;
  onInsert: (insertion: string, from: number, to: number) => void;
}) {
  const chat = useChat();
  const { roomId } = useRoom();
  const [choices, setChoices] = createSignal<readonly Choice[]>([]);
  const [at, setAt] = createSignal(0);
  /** The prefix of these choices: keys do not accept choices of another one. */
  let choicesPrefix = "";
  const prefix = createMemo(() => {
    const textBeforeCaret = props.text.slice(0, props.caret);
    const name = NAME_PREFIX.exec(textBeforeCaret);
    if (name && draftMentionStarts(props.text).includes(name.index)) return name[0];
    return EMOJI_PREFIX.exec(textBeforeCaret)?.[1] ?? "";
  });
  const id = createUniqueId();
  const optionId = (i: number) => `${id}-${i}`;

  async function find(trigger: string, word: string): Promise<Choice[]> {
    if (trigger === ":") {
      const emoji = await findEmoji(word, MAX_CHOICES);
      return emoji.map(([emoji, name]) => ({ insertion: emoji, label: `${emoji} ${name}`, user: undefined }));
    }
    const typed = word.toLowerCase();
    const groupNames = GROUP_MENTIONS.filter((name) => chat.permissions(roomId).manage && name.startsWith(typed));
    const groups = groupNames.map((name) => ({ insertion: `@${name} `, label: t(name === "all" ? "mentionAll" : "mentionHere"), name, user: undefined }));
    const { items } = await chat.api.listMembers(roomId, word, "");
    const people = items
      .slice(0, MAX_CHOICES - groups.length)
      .map(({ user }) => ({ insertion: `@${user.username} `, label: user.displayName, name: user.username, user }));
    return typed.length > 2 ? [...groups, ...people] : [...people, ...groups];
  }

  createEffect(
    on(prefix, (word) => {
      if (!word) return void setChoices([]);
      let isStale = false;
      const timer = setTimeout(() => {
        find(word[0] ?? "", word.slice(1)).then(
          (all) => !isStale && ((choicesPrefix = word), setAt(0), setChoices(all)),
          () => undefined,
        );
      }, DEBOUNCE_MS);
      onCleanup(() => ((isStale = true), clearTimeout(timer)));
    }),
  );

  createEffect(() => {
    const field = props.field();
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-haspopup", "listbox");
    for (const [name, value] of [["aria-controls", id], ["aria-activedescendant", optionId(at())]] as const) {
      if (choices().length) field.setAttribute(name, value);
      else field.removeAttribute(name);
    }
  });

  function accept(choice: Choice | undefined): void {
    if (!choice) return;
    props.onInsert(choice.insertion, props.caret - prefix().length, props.caret);
    setChoices([]);
  }

  props.handle({
    onKeyDown(event) {
      const count = choices().length;
      if (!count || choicesPrefix !== prefix()) return false;
      if (event.key === "ArrowDown") setAt((at() + 1) % count);
      else if (event.key === "ArrowUp") setAt((at() - 1 + count) % count);
      else if (event.key === "Enter" || event.key === "Tab") accept(choices()[at()]);
      else if (event.key === "Escape") setChoices([]);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  });

  return (
    <Show when={choices().length}>
      <ul id={id} class="completion" role="listbox" aria-label={t("suggestions")}>
        <For each={choices()}>
          {(choice, i) => (
            // The text keeps the focus.
            <li
              id={optionId(i())}
              role="option"
              aria-selected={i() === at()}
              onPointerDown={(event) => (event.preventDefault(), accept(choice))}
            >
              <Show when={choice.user} fallback={choice.name && <Icon name={choice.name === "all" ? "users" : "bell"} />}>
                {(user) => <Avatar id={user().id} name={choice.label} photo={user().photoId} size="small" />}
              </Show>
              <span class="clip" dir="auto">
                {choice.label}
              </span>
              <Show when={choice.name}>{(name) => <bdi class="muted small">@{name()}</bdi>}</Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
