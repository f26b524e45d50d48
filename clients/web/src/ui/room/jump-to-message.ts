// Jumps to messages of an open room: from links, quotes, pins and the address.

import { createEffect, on, untrack } from "solid-js";

import type { Failure } from "../../domain/failure";
import type { Message } from "../../domain/types";
import type { Timeline } from "../../stores/timeline/timeline";
import { explain, t } from "../i18n";
import { toast } from "../shared/toast";
import { navigate, roomPath, route, visit } from "../shared/router";

/** `onFound` is called before the message, or the root of its thread, is shown in the timeline. */
export function createMessageJump(timeline: Timeline, onFound: (message: Message) => void) {
  const { roomId } = timeline;
  /** The message that the address is of. */
  const linkedSeq = () => {
    const now = route();
    return now.page === "room" && now.roomId === roomId ? now.seq : undefined;
  };
  /** Removes an older message from the address, since a reload would lead back there. */
  const clearLink = () => linkedSeq() !== undefined && navigate(roomPath(roomId), { replace: true });

  function jumpTo(seq: number): void {
    const onImpossible = (failure: Failure) => {
      // A position beyond the room's head is no valid one.
      toast(failure.violations.length ? t("MESSAGE_NOT_FOUND") : explain(failure), true);
      if (linkedSeq() === seq) clearLink();
    };
    void timeline.goTo(seq, onFound, onImpossible);
  }

  // A link to a message, also the same one again; one to the room leads to its end.
  createEffect(
    on(visit, (_, before) => {
      const seq = untrack(linkedSeq);
      if (seq !== undefined) jumpTo(seq);
      else if (before !== undefined) timeline.toTail();
    }),
  );

  return { jumpTo, clearLink };
}
