import { Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { highlight, type Phrase, type TextSegment } from "../../stores/search/search-highlight";
import { Thumbnail } from "../files/Thumbnail";
import { formatTime } from "../i18n/format-values";
import { Avatar } from "../shared/Avatar";
import { useRoom } from "../room/room-context";
import { messagePreview } from "../room/message-preview";
import { HighlightedText } from "./SearchHighlight";

/** So much of what stands before the first found word is shown. */
const MAX_CONTEXT = 60;

/** A message that was found in its room; a click goes there. */
export function SearchResult(props: { message: Message; phrases: readonly Phrase[] }) {
  const chat = useChat();
  const { jump } = useRoom();
  const user = () => chat.user(props.message.senderId);
  return (
    <li>
      <button type="button" class="search-result" onClick={() => jump(props.message.seq)}>
        <Avatar id={props.message.senderId} name={user()?.displayName ?? ""} photo={user()?.photoId} size="small" />
        <span class="search-result-text">
          <span class="pin-head">
            <strong class="clip" dir="auto">
              {user()?.displayName ?? "…"}
            </strong>
            <time class="muted">{formatTime(props.message.postedAt, "short")}</time>
          </span>
          <span class="search-result-words" dir="auto">
            <HighlightedText segments={trimStart(highlight(messagePreview(chat, props.message), props.phrases))} />
          </span>
        </span>
        <Show when={props.message.attachments.length}>
          <Thumbnail message={props.message} />
        </Show>
      </button>
    </li>
  );
}

/** Long beginnings without anything that was sought are cut. */
function trimStart(all: readonly TextSegment[]): readonly TextSegment[] {
  const [first, ...rest] = all;
  const chars = [...(first?.text ?? "")];
  if (!first || first.isMatch || !rest.length || chars.length <= MAX_CONTEXT) return all;
  return [{ text: `… ${chars.slice(-MAX_CONTEXT).join("").replace(/^\S*\s/, "")}`, isMatch: false }, ...rest];
}
