// The pinned messages of an open room; loaded again when one may have changed.

import { createEffect, createSignal, on, onCleanup } from "solid-js";

import type { Message } from "../../domain/types";
import type { Chat } from "../chat";

/** Several changes within this time are loaded once. */
const DEBOUNCE_MS = 80;

export function createPins(chat: Chat, roomId: string) {
  const [pins, setPins] = createSignal<readonly Message[]>([]);
  let turn = 0;
  createEffect(
    on([() => chat.trackPins(roomId), () => chat.connection().kind === "live"], ([, live]) => {
      if (!live) return;
      const mine = ++turn;
      const timer = setTimeout(() => {
        chat.api.listPins(roomId).then(
          (pinned) => mine === turn && setPins(pinned),
          // The next connection reads them.
          () => undefined,
        );
      }, DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  onCleanup(() => (turn = -1));
  return pins;
}
