import { For, Show, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";

import { useChat } from "../../state/chat";
import { findEmoji } from "../../state/emoji";
import { t } from "../i18n";
import { Avatar } from "../kit/Avatar";
import { useRoom } from "../room/tools";

const MOST = 6;
const PAUSE_MS = 120;
/** A name after “@” or an emoji's after “:”, right before the caret. */
const BEGUN = /(?:^|\s)([@:])([\p{L}\p{N}_.-]{1,32})$/u;

interface Choice {
  /** What is put in its place. */
  readonly take: string;
  readonly label: string;
  readonly user: { readonly id: string; readonly username: string; readonly photoId: string } | undefined;
}

export interface CompletionHandle {
  /** Whether the key was for the list. */
  onKeyDown(event: KeyboardEvent): boolean;
}

/** Offers to complete names and emoji while they are written. */
export default function Completion(props: {
  text: string;
  caret: number;
  handle: (handle: CompletionHandle) => void;
  onTake: (piece: string, from: number, to: number) => void;
}) {
  const chat = useChat();
  const { roomId } = useRoom();
  const [choices, setChoices] = createSignal<readonly Choice[]>([]);
  const [at, setAt] = createSignal(0);
  const begun = createMemo(
    () => {
      const [, sign, word] = BEGUN.exec(props.text.slice(0, props.caret)) ?? [];
      return sign && word && (sign === "@" || word.length > 1) ? sign + word : "";
    },
  );

  async function find(sign: string, word: string): Promise<Choice[]> {
    if (sign === ":") {
      const found = await findEmoji(word, MOST);
      return found.map(([take, name]) => ({ take, label: `${take} ${name}`, user: undefined }));
    }
    const { items } = await chat.api.listMembers(roomId, word, "");
    return items.slice(0, MOST).map(({ user }) => ({ take: `@${user.username} `, label: user.displayName, user }));
  }

  createEffect(
    on(begun, (word) => {
      if (!word) return void setChoices([]);
      let stale = false;
      const timer = setTimeout(() => {
        find(word[0] ?? "", word.slice(1)).then(
          (found) => !stale && (setAt(0), setChoices(found)),
          () => undefined,
        );
      }, PAUSE_MS);
      onCleanup(() => ((stale = true), clearTimeout(timer)));
    }),
  );

  function take(choice: Choice | undefined): void {
    if (!choice) return;
    props.onTake(choice.take, props.caret - begun().length, props.caret);
    setChoices([]);
  }

  props.handle({
    onKeyDown(event) {
      const count = choices().length;
      if (!count) return false;
      if (event.key === "ArrowDown") setAt((at() + 1) % count);
      else if (event.key === "ArrowUp") setAt((at() - 1 + count) % count);
      else if (event.key === "Enter" || event.key === "Tab") take(choices()[at()]);
      else if (event.key === "Escape") setChoices([]);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  });

  return (
    <Show when={choices().length}>
      <ul class="completion" role="listbox" aria-label={t("suggestions")}>
        <For each={choices()}>
          {(choice, i) => (
            // The text keeps the focus.
            <li
              role="option"
              aria-selected={i() === at()}
              onPointerDown={(event) => (event.preventDefault(), take(choice))}
            >
              <Show when={choice.user}>{(user) => <Avatar id={user().id} name={choice.label} photo={user().photoId} size="small" />}</Show>
              <span class="clip" dir="auto">
                {choice.label}
              </span>
              <Show when={choice.user}>{(user) => <bdi class="muted small">@{user().username}</bdi>}</Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
