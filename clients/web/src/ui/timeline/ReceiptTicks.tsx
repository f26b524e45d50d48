import { createMemo } from "solid-js";

import type { Chat } from "../../stores/chat";
import type { ReceiptSeqs } from "../../stores/reading/read-markers";
import type { Timeline } from "../../stores/timeline/timeline";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";

/** The state of an own message: sent, delivered to all others, or read by all of them. */
export function ReceiptTicks(props: { seq: number; receiptSeqs: ReceiptSeqs }) {
  const state = () => (props.seq <= props.receiptSeqs.read ? "read" : props.seq <= props.receiptSeqs.delivered ? "delivered" : "sent");
  return (
    <span class="ticks" classList={{ "ticks-read": state() === "read" }} role="img" aria-label={t(state())} title={t(state())}>
      <Icon name={state() === "sent" ? "check" : "checks"} />
    </span>
  );
}

/** State for ticks that all rows share. */
export const createReceiptProgress = (chat: Chat, timeline: Timeline) => ({
  newestOwnSeq: createMemo(() => {
    const row = timeline.content()?.rows.findLast((it) => it.kind === "message" && it.isOwn && it.message.content.kind === "text");
    return row?.kind === "message" ? row.message.seq : undefined;
  }),
  receiptSeqs: createMemo(() => chat.reachedByAll(timeline.roomId), undefined, {
    equals: (a, b) => a?.delivered === b?.delivered && a?.read === b?.read,
  }),
});
