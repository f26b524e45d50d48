import { Show, createSignal } from "solid-js";

import type { PresenceState } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t, type Key } from "../i18n";

export const PRESENCE_TEXT: Record<PresenceState, Key> = {
  online: "presenceOnline",
  away: "presenceAway",
  doNotDisturb: "presenceDoNotDisturb",
  invisible: "presenceInvisible",
  offline: "presenceOffline",
};

/** A photo or picture; else a colour and letters made of the id and the name, always the same for one person or room. */
export function Avatar(props: {
  id: string;
  name: string;
  shape?: "person" | "room";
  size?: "small" | "medium" | "large" | "huge";
  presence?: PresenceState | undefined;
  /** The file that shows them; empty if there is none. */
  photo?: string | undefined;
  /** Where the picture is before it is a file. */
  preview?: string | undefined;
}) {
  const chat = useChat();
  const [brokenSrc, setBroken] = createSignal("");
  const src = () => props.preview ?? (props.photo ? chat.link(props.photo, "small") : undefined);
  return (
    <span
      class={`avatar avatar-${props.shape ?? "person"} avatar-${props.size ?? "medium"}`}
      style={{ "--hue": String(hue(props.id)) }}
    >
      {/* Drawn, not said: whoever listens hears the name beside it. */}
      <span class="avatar-letters" data-letters={letters(props.name, props.shape === "room" ? 1 : 2)} />
      <Show when={src() !== brokenSrc() && src()}>
        {(path) => (
          <img
            src={path()}
            alt=""
            decoding="sync"
            draggable={false}
            onLoad={(event) => event.currentTarget.classList.add("is-loaded")}
            onError={() => setBroken(path())}
          />
        )}
      </Show>
      <Show when={props.presence}>
        {(presence) => <span class={`dot dot-${presence()}`} role="img" aria-label={t(PRESENCE_TEXT[presence()])} />}
      </Show>
    </span>
  );
}

function hue(id: string): number {
  let hash = 2166136261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619);
  // Steps far enough apart to be told from each other.
  return ((hash >>> 0) % 18) * 20;
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As many characters as the longest emoji has. A letter may have any number of marks. */
const MAX_LETTER_CODE_POINTS = 10;

function letters(name: string, maxLetters: number): string {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const first = (word = "") => [...([...segments.segment(word)][0]?.segment ?? "")].slice(0, MAX_LETTER_CODE_POINTS).join("");
  const both = words.length > 1 && maxLetters > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0]);
  return both.toLocaleUpperCase();
}
