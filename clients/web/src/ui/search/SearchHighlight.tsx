import { For, createMemo, type JSX } from "solid-js";

import { pieces, written, type Piece } from "../../stores/search/search-highlight";
import { Draw } from "../timeline/Markdown";

/** Messages within it have marked what a search sought in them. */
export function FoundWords(props: { query: string; children: JSX.Element }) {
  const phrases = createMemo(() => written(props.query).phrases);
  return <Draw.Provider value={(text) => <Marked pieces={pieces(text, phrases())} />}>{props.children}</Draw.Provider>;
}

export function Marked(props: { pieces: readonly Piece[] }) {
  return <For each={props.pieces}>{(piece) => (piece.found ? <mark>{piece.text}</mark> : piece.text)}</For>;
}
