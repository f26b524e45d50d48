// Marks of reading that the server has not heard of: told again once there is a
// connection, or after a while if they are lost on one.

import { onCleanup } from "solid-js";

import type { Failure } from "../../domain/failure";
import type { Model } from "../model/model";

/** A mark that was lost is told again after this, unless the server says when. */
const RETRY_MS = 5_000;

export type ReadMarkerRetry = ReturnType<typeof createReadMarkerRetry>;

/** Must be called where Solid can clean up. */
export function createReadMarkerRetry(model: Pick<Model, "connection">) {
  /** What tells them, the newest of each room and each thread. */
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

  /** All of them, if there is a connection. */
  function retryAll(): void {
    clearTimeout(timer);
    timer = undefined;
    if (model.connection.kind === "live") pending.forEach((call, key) => send(key, call));
  }

  return {
    /** By its room. */
    send,
    sendThread: (roomId: string, threadSeq: number, call: () => Promise<unknown>) => send(`${roomId}/${threadSeq}`, call),
    retryAll,
    /** They are of positions that are others now. */
    clear: () => pending.clear(),
    /** Whether the server knows how far the user has read in the threads of a room. */
    threadsAcknowledged: (roomId: string) => ![...pending.keys()].some((key) => key.startsWith(`${roomId}/`)),
  };
}
