import { createMemo } from "solid-js";

import type { Chat } from "../../stores/chat";
import type { ReceiptSeqs } from "../../stores/reading/read-markers";
import type { Timeline } from "../../stores/timeline/timeline";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";

/** How far an own message has come: stored, at all others, read by all of them. */
export function Ticks(props: { seq: number; reached: ReceiptSeqs }) {
  const state = () => (props.seq <= props.reached.read ? "read" : props.seq <= props.reached.delivered ? "delivered" : "sent");
  return (
    <span class="ticks" classList={{ "ticks-read": state() === "read" }} role="img" aria-label={t(state())} title={t(state())}>
      <Icon name={state() === "sent" ? "check" : "checks"} />
    </span>
  );
}

/** What rows have to know of it: the same for all of them. */
export const createReached = (chat: Chat, timeline: Timeline) => ({
  lastMine: createMemo(() => {
    const row = timeline.content()?.rows.findLast((it) => it.kind === "message" && it.mine && it.message.content.kind === "text");
    return row?.kind === "message" ? row.message.seq : undefined;
  }),
  reached: createMemo(() => chat.reachedByAll(timeline.roomId), undefined, {
    equals: (a, b) => a?.delivered === b?.delivered && a?.read === b?.read,
  }),
});
