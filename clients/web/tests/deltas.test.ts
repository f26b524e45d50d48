// What live changes tell of a message without it, and what they leave out.

import { expect, test } from "vitest";

import type { Message, Reaction } from "../src/domain/types";
import { withDelta, withOwnReactions, type PendingDelta } from "../src/stores/messages/deltas";
import { mergeMessages } from "../src/stores/messages/messages";
import type { RoomView } from "../src/stores/model/model";

const thumbs = (count: number, mine?: boolean): Reaction => ({ emoji: "👍", count, userIds: ["a"], mine });
const message = (changedSeq: number, ...reactions: Reaction[]) => ({ roomId: "r", seq: 4, changedSeq, reactions, threadSeq: 0 }) as unknown as Message;
const told = (at: number, userId: string, added: boolean, count: number): PendingDelta => ({
  at,
  me: "me",
  delta: { kind: "reaction", seq: 4, userId, added, reaction: { ...thumbs(count), mine: undefined } },
});

test("a delta says whether a reaction is the user's only where it names them", () => {
  expect(withDelta(message(4, thumbs(1)), told(5, "a", true, 2)).reactions[0]?.mine).toBe(undefined);
  expect(withDelta(message(4, thumbs(1)), told(5, "me", true, 2)).reactions[0]?.mine).toBe(true);
  expect(withDelta(message(4, thumbs(1, true)), told(5, "a", true, 2)).reactions[0]?.mine).toBe(true);
  expect(withDelta(message(4), told(5, "a", true, 1)).reactions[0]?.mine, "nobody had it before").toBe(false);
  expect(withDelta(message(5, thumbs(1)), told(5, "me", true, 2)).reactions[0]?.mine, "an older delta").toBe(undefined);
});

test("whose the reactions of a message are is taken from the state that knows, be it older", () => {
  const live = message(6, thumbs(2));
  expect(withOwnReactions(live, undefined)).toBe(live);
  expect(withOwnReactions(live, message(5, thumbs(1, true))).reactions).toEqual([thumbs(2, true)]);
  const view = { messages: new Map([[4, live]]), order: [4], deltas: [] } as unknown as RoomView;
  mergeMessages(view, [message(5, thumbs(1, true))]);
  expect(view.messages.get(4)).toEqual(message(6, thumbs(2, true)));
  const kept = view.messages.get(4);
  mergeMessages(view, [message(6, thumbs(2, true))]);
  expect(view.messages.get(4), "drawn once").toBe(kept);
  mergeMessages(view, [message(7, thumbs(3))]);
  expect(view.messages.get(4)).toEqual(message(7, thumbs(3, true)));
});
