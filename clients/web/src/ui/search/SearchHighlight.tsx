import { For, createMemo, type JSX } from "solid-js";

import { highlight, parseQuery, type TextSegment } from "../../stores/search/search-highlight";
import { Draw } from "../timeline/Markdown";

/** Messages within it have marked what a search sought in them. */
export function FoundWords(props: { query: string; children: JSX.Element }) {
  const phrases = createMemo(() => parseQuery(props.query).phrases);
  return <Draw.Provider value={(text) => <Marked pieces={highlight(text, phrases())} />}>{props.children}</Draw.Provider>;
}

export function Marked(props: { pieces: readonly TextSegment[] }) {
  return <For each={props.pieces}>{(piece) => (piece.isMatch ? <mark>{piece.text}</mark> : piece.text)}</For>;
}
