// The one loop that reads a stream.

import type { Api } from "../api/calls";
import type { Event } from "../api/events";
import type { Position } from "../domain/types";

export interface StreamRequest {
  readonly positions: ReadonlyMap<string, Position>;
  /** The token with which the last stream became live. */
  readonly stateToken: Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** Handles a batch. The next one is read when this has finished. */
  readonly onEvents: (events: Event[]) => Promise<void>;
}

/** Ends when the stream does; throws Failure when it breaks. */
export async function readStream(api: Pick<Api, "subscribe">, { positions, stateToken, signal, onEvents }: StreamRequest): Promise<void> {
  for await (const events of api.subscribe(positions, signal, stateToken)) await onEvents(events);
}
