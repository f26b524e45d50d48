// The pure machines against the table of cases that all clients share.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import cases from "../../cases/sync.json";
import { Failure } from "../src/domain/failure";
import { PresenceReporter } from "../src/sync/presence-reporter";
import { ReconnectState, type ReconnectInput } from "../src/sync/reconnect";
import { Cursor, type Verdict } from "../src/sync/cursor";
import { Outbox } from "../src/sync/outbox";

describe("connection", () => {
  for (const { name, steps } of cases.connection) {
    test(name, () => {
      const connection = new ReconnectState(0);
      for (const step of steps as { at: number; on: ReconnectInput; chance?: number; state: unknown; deadline?: number }[]) {
        expect(connection.apply(step.on, step.at, step.chance ?? 0), `at ${step.at}`).toEqual(step.state);
        if (step.deadline !== undefined) expect(connection.deadline()).toBe(step.deadline);
      }
    });
  }

  test("whatever happens, what has ended stays ended and every wait has an end", () => {
    const kinds = ["caughtUp", "lagging", "heard", "lost", "deadline", "nudge"] as const;
    const happening = fc.oneof(
      fc.constantFrom(...kinds).map((kind): ReconnectInput => ({ kind })),
      fc.nat(30_000).map((heartbeatMs): ReconnectInput => ({ kind: "opened", heartbeatMs })),
      fc.record({ reconnect: fc.boolean(), retryAfterMs: fc.nat(5_000) }).map((it): ReconnectInput => ({ kind: "goodbye", ...it })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(happening, fc.nat(60_000), fc.double({ min: 0, max: 1, noNaN: true }))), (steps) => {
        const connection = new ReconnectState(0);
        let now = 0;
        let ended = false;
        for (const [what, later, chance] of steps) {
          now += later;
          const state = connection.apply(what, now, chance);
          if (ended) expect(state.kind).toBe("ended");
          ended = state.kind === "ended";
          if (state.kind === "waiting") expect(state.until).toBeLessThanOrEqual(now + 20_000);
          if (!ended) expect(connection.deadline()).toBeTypeOf("number");
        }
      }),
    );
  });
});

describe("cursor", () => {
  for (const { name, begin, steps, end } of cases.cursor) {
    test(name, () => {
      const cursor = new Cursor();
      for (const [id, headSeq] of Object.entries(begin)) cursor.begin({ id, headSeq, logId: "log" });
      for (const { room, afterSeq, seq, verdict } of steps) expect(cursor.accept(room, afterSeq, seq)).toBe(verdict as Verdict);
      const positions = [...cursor.positions].map(([room, { seq, logId }]) => (expect(logId).toBe("log"), [room, seq]));
      expect(Object.fromEntries(positions)).toEqual(end);
    });
  }

  test("however changes are lost, repeated and reordered, each position is let through once and in order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 200 }), (arrivals) => {
        const cursor = new Cursor();
        cursor.begin({ id: "r", headSeq: 0, logId: "log" });
        const seen: number[] = [];
        const deliver = (seq: number) => cursor.accept("r", seq - 1, seq) === "deliver" && seen.push(seq);
        for (const arrival of arrivals) {
          const seq = arrival + 1;
          if (cursor.accept("r", seq - 1, seq) === "deliver") seen.push(seq);
          // A gap is healed from the log.
          else for (let missing = (cursor.position("r") ?? 0) + 1; missing <= seq; missing++) deliver(missing);
        }
        expect(seen).toEqual(seen.map((_, i) => i + 1));
        expect(seen.length).toBe(arrivals.length ? Math.max(...arrivals) + 1 : 0);
      }),
    );
  });
});

describe("outbox", () => {
  interface Step {
    push?: { id: string; room: string };
    next?: number;
    gives?: string | null;
    settle?: string;
    at?: number;
    failure?: { final: boolean; retryAfterMs?: number } | null;
    is?: string;
    lost?: boolean;
    remove?: string;
  }
  for (const { name, steps, waiting } of cases.outbox) {
    test(name, () => {
      const outbox = new Outbox();
      for (const step of steps as Step[]) {
        if (step.push) {
          outbox.push({ clientMessageId: step.push.id, roomId: step.push.room, text: "", replyTo: 0, threadSeq: 0, attachmentIds: [], at: 0 });
        } else if (step.next !== undefined) expect(outbox.next(step.next)?.clientMessageId ?? null).toBe(step.gives);
        else if (step.settle) {
          const { failure } = step;
          const code = failure?.final ? "final" : "unavailable";
          const error = failure ? new Failure(code, "", "", [], failure.retryAfterMs) : undefined;
          expect(outbox.onResult(step.settle, error, step.at ?? 0)).toBe(step.is);
        } else if (step.lost) outbox.onDisconnect();
        else if (step.remove) outbox.remove(step.remove);
      }
      expect(outbox.messages().map((it) => it.clientMessageId)).toEqual(waiting);
    });
  }
});

describe("attention", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** What a tab says; `lost` as long as the server does not answer. */
  function tab() {
    const said: string[] = [];
    const it = { said, lost: false, attention: undefined as unknown as PresenceReporter };
    const say = async (words: string) => {
      said.push(words);
      if (it.lost) throw new Failure("unavailable", "", "no answer");
    };
    it.attention = new PresenceReporter({
      ownTab: "tab",
      api: {
        watchRooms: () => Promise.resolve([]),
        choosePresence: (on, choice) => say(`${on} ${choice}`),
        setIdle: (on, idle) => say(`${on} ${idle ? "idle" : "in use"}`),
      },
      onWatched: () => undefined,
      isSubscribed: () => true,
    });
    return it;
  }

  test("what the user chose is said until the server has it, and then no more", async () => {
    const it = tab();
    it.attention.choose("doNotDisturb");
    it.attention.choose("invisible");
    expect(it.said).toEqual([]);
    it.lost = true;
    it.attention.onOpen("a");
    await vi.advanceTimersByTimeAsync(0);
    it.attention.onDisconnect();
    it.lost = false;
    it.attention.onOpen("b");
    await vi.advanceTimersByTimeAsync(0);
    it.attention.onOpen("c");
    expect(it.said).toEqual(["a invisible", "b invisible"]);
    it.attention.stop();
  });

  test("who does nothing for a while is idle on each stream, and chooses nothing by it", async () => {
    const it = tab();
    it.attention.onOpen("a");
    await vi.advanceTimersByTimeAsync(6 * 60_000);
    it.attention.onOpen("b");
    expect(it.attention.recordActivity(Date.now())).toBe(true);
    it.attention.onOpen("c");
    expect(it.said).toEqual(["a idle", "b idle", "b in use"]);
    it.attention.stop();
  });
});
