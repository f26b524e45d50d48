// Read markers that the server has not acknowledged. They are sent again on reconnect,
// or after a while if a call fails.

import { onCleanup } from "solid-js";

import type { Failure } from "../../domain/failure";
import type { Model } from "../model/model";

/** A failed call is repeated after this, unless the server says when. */
const RETRY_MS = 5_000;

export type ReadMarkerRetry = ReturnType<typeof createReadMarkerRetry>;

/** Must be called where Solid can clean up. */
export function createReadMarkerRetry(model: Pick<Model, "connection">) {
  /** The newest call of each room and each thread. */
  const pending = new Map<string, () => Promise<unknown>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => (pending.clear(), clearTimeout(timer)));

  function send(key: string, call: () => Promise<unknown>): void {
    pending.set(key, call);
    const onAcknowledged = () => pending.get(key) === call && pending.delete(key);
    call().then(onAcknowledged, ({ isFinal, retryAfterMs }: Failure) => {
      if (isFinal) onAcknowledged();
      else if (pending.size) timer ??= setTimeout(retryAll, retryAfterMs ?? RETRY_MS);
    });
  }

  /** Repeats all of them, if there is a connection. */
  function retryAll(): void {
    clearTimeout(timer);
    timer = undefined;
    if (model.connection.kind === "live") pending.forEach((call, key) => send(key, call));
  }

  return {
    /** Sends a marker of a room. */
    send,
    sendThread: (roomId: string, threadSeq: number, call: () => Promise<unknown>) => send(`${roomId}/${threadSeq}`, call),
    retryAll,
    /** Drops all markers, because their positions are void. */
    clear: () => pending.clear(),
    /** Whether the server knows how far the user has read in the threads of a room. */
    threadsAcknowledged: (roomId: string) => ![...pending.keys()].some((key) => key.startsWith(`${roomId}/`)),
  };
}
