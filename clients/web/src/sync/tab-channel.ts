// What the tabs of one session say to each other.

import type { PresenceState, Unsent } from "../domain/types";
import { hasBroadcastChannel } from "./locks";
import type { ConnectionState } from "./reconnect";
import type { Snapshot, Update } from "./update";

export type TabMessage =
  /** A tab that knows nothing asks for a snapshot. */
  | { kind: "hello"; tab: string }
  | { kind: "snapshot"; tab: string; epoch: string; snapshot: Snapshot }
  /** The tab that leads tells what happened. */
  | { kind: "updates"; updates: Update[] }
  /** A tab has begun to lead and asks the others what they look at. */
  | { kind: "who" }
  | { kind: "watch"; tab: string; roomIds: string[] }
  | { kind: "bye"; tab: string }
  | { kind: "queue"; message: Unsent }
  | { kind: "discard"; id: string }
  | { kind: "active"; at: number }
  | { kind: "choose"; choice: PresenceState }
  | { kind: "nudge" }
  /** Somebody looks at a tab, or does not any more. */
  | { kind: "attentive"; here: boolean }
  /** A tab was opened, or is looked at; said where each has its own stream. */
  | { kind: "looked"; tab: string }
  /** Whether the tab that leads is still there, and that it is. */
  | { kind: "ping" }
  | { kind: "beat"; state: ConnectionState };

export class TabChannel {
  /** Names this tab among the others. */
  readonly id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #channel: BroadcastChannel | undefined;

  constructor(sessionId: string, onMessage: (message: TabMessage) => void) {
    if (!hasBroadcastChannel) return;
    this.#channel = new BroadcastChannel(`causerie.${sessionId}`);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => onMessage(data);
  }

  /** To all tabs but this one. */
  post(message: TabMessage): void {
    // The answer to a call may come after the end.
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}
