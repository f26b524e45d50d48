// Marks of reading that the server has not heard of: told again once there is a
// connection, or after a while if they are lost on one.

import { onCleanup } from "solid-js";

import type { Failure } from "../../domain/failure";
import type { Model } from "../model/model";

/** A mark that was lost is told again after this, unless the server says when. */
const AGAIN_MS = 5_000;

export type Untold = ReturnType<typeof createUntold>;

/** Must be called where Solid can clean up. */
export function createUntold(model: Pick<Model, "connection">) {
  /** What tells them, the newest of each room and each thread. */
  const marks = new Map<string, () => Promise<unknown>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => (marks.clear(), clearTimeout(timer)));

  function tell(key: string, call: () => Promise<unknown>): void {
    marks.set(key, call);
    const told = () => marks.get(key) === call && marks.delete(key);
    call().then(told, ({ isFinal, retryAfterMs }: Failure) => {
      if (isFinal) told();
      else if (marks.size) timer ??= setTimeout(again, retryAfterMs ?? AGAIN_MS);
    });
  }

  /** All of them, if there is a connection. */
  function again(): void {
    clearTimeout(timer);
    timer = undefined;
    if (model.connection.kind === "live") marks.forEach((call, key) => tell(key, call));
  }

  return {
    /** By its room. */
    tell,
    tellThread: (roomId: string, threadSeq: number, call: () => Promise<unknown>) => tell(`${roomId}/${threadSeq}`, call),
    again,
    /** They are of positions that are others now. */
    forget: () => marks.clear(),
    /** Whether the server knows how far the user has read in the threads of a room. */
    toldThreads: (roomId: string) => ![...marks.keys()].some((key) => key.startsWith(`${roomId}/`)),
  };
}
