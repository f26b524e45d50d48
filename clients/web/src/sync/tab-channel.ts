// Messages between the tabs of one session. Tabs of older versions read them too, so their names stay.

import type { PresenceState, Unsent } from "../domain/types";
import { hasBroadcastChannel } from "./locks";
import type { ConnectionState } from "./reconnect";
import type { Snapshot, Update } from "./update";

export type TabMessage =
  /** A tab without state requests a snapshot. */
  | { kind: "hello"; tab: string }
  | { kind: "snapshot"; tab: string; epoch: string; snapshot: Snapshot }
  /** The leader broadcasts updates. */
  | { kind: "updates"; updates: Update[] }
  /** A new leader asks the other tabs which rooms they show. */
  | { kind: "who" }
  | { kind: "watch"; tab: string; roomIds: string[] }
  | { kind: "bye"; tab: string }
  | { kind: "queue"; message: Unsent }
  | { kind: "discard"; id: string }
  | { kind: "active"; at: number }
  | { kind: "choose"; choice: PresenceState }
  | { kind: "nudge" }
  /** A tab has gained or lost the focus. */
  | { kind: "attentive"; here: boolean }
  /** A tab was opened or became visible. Sent only where each tab has its own stream. */
  | { kind: "looked"; tab: string }
  /** Asks whether the leader is still there; `beat` is the answer. */
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
