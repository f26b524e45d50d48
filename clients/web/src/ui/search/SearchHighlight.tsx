import { For, createMemo, type JSX } from "solid-js";

import { highlight, parseQuery, type TextSegment } from "../../stores/search/search-highlight";
import { TextRenderer } from "../timeline/Markdown";

/** Messages within it have marked what a search sought in them. */
export function SearchHighlight(props: { query: string; children: JSX.Element }) {
  const phrases = createMemo(() => parseQuery(props.query).phrases);
  return <TextRenderer.Provider value={(text) => <HighlightedText segments={highlight(text, phrases())} />}>{props.children}</TextRenderer.Provider>;
}

export function HighlightedText(props: { segments: readonly TextSegment[] }) {
  return <For each={props.segments}>{(segment) => (segment.isMatch ? <mark>{segment.text}</mark> : segment.text)}</For>;
}
