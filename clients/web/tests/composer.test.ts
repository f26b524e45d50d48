// What is being written and what is about to be deleted: kept in the browser,
// with no page to show it.

import { createRoot } from "solid-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Failure } from "../src/domain/failure";
import type { Message } from "../src/domain/types";
import { createComposerStates } from "../src/stores/composer/composer-state";
import { PendingDeletions, UNDO_MS } from "../src/stores/messages/pending-deletions";
import { Drafts } from "../src/stores/composer/drafts";
import { mentionsEveryone } from "../src/stores/mentions/mentions-everyone";
import { isComposing } from "../src/ui/shared/ime";

/** What a browser keeps. */
class Kept {
  [key: string]: unknown;
  getItem(key: string): unknown {
    return Object.hasOwn(this, key) ? this[key] : null;
  }
  setItem(key: string, value: string): void {
    this[key] = value;
  }
  removeItem(key: string): void {
    delete this[key];
  }
  get length(): number {
    return Object.keys(this).length;
  }
}

let page: EventTarget;
beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal("localStorage", new Kept());
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => vi.unstubAllGlobals());

const said = (seq: number, text: string): Message => ({
  roomId: "r", seq, senderId: "me", postedAt: 0, changedSeq: seq, content: { kind: "text", text }, clientMessageId: `c${seq}`, replyTo: 0,
  editedAt: 0, reactions: [], pin: undefined, mentions: [], attachments: [], threadSeq: 0, thread: undefined,
});

describe("a draft", () => {
  test("outlives its page, and goes in all tabs when it is sent in one", () => {
    const [here, there] = [new Drafts("me"), new Drafts("me")];
    here.set("r", "half a thought");
    expect(new Drafts("me").get("r")).toBe("half a thought");
    expect(there.get("r")).toBe("half a thought");
    here.set("r", "");
    page.dispatchEvent(Object.assign(new Event("storage"), { key: "causerie.draft.me.r", newValue: null }));
    expect(there.get("r")).toBe("");
    expect(there.has("r")).toBe(false);
  });

  test("is there again after an edit, which ends where it is", () => {
    createRoot((end) => {
      const begun = createComposerStates(new Drafts("me"));
      begun("r").write("half a thought");
      begun("r").edit(said(3, "teh end"));
      begun("r").write("the end");
      // As another page finds it, which is opened meanwhile.
      expect(begun("r").editTarget()?.seq).toBe(3);
      expect(begun("r").text()).toBe("the end");
      expect(begun("r/3").editTarget()).toBeUndefined();
      begun("r").reset();
      expect(begun("r").text()).toBe("half a thought");
      end();
    });
  });
});

describe("files that go with a message", () => {
  const file = (key: number, id = "") => ({ key, name: `${key}.txt`, size: 1, preview: "", progress: 0, id, cancel: () => undefined });

  test("stay with what they were chosen for, with the message that is answered", () => {
    createRoot((end) => {
      const begun = createComposerStates(new Drafts("me"));
      begun("r").reply(said(3, "Pictures?"));
      begun("r").addFile(file(1));
      begun("r").updateFile(1, { id: "f1" });
      expect(begun("other").files()).toEqual([]);
      expect(begun("r").replyTarget()?.seq).toBe(3);
      expect(begun("r").clear()).toEqual(["f1"]);
      expect(begun("r").replyTarget()).toBeUndefined();
      expect(begun("r").files()).toEqual([]);
      end();
    });
  });

  test("are waited for by the message, unless it is changed or one of them fails", () => {
    createRoot((end) => {
      const begun = createComposerStates(new Drafts("me"))("r");
      const sent: string[][] = [];
      const send = () => sent.push(begun.clear());
      begun.addFile(file(1));
      begun.addFile(file(2));
      begun.sendWhenUploaded(send);
      begun.updateFile(1, { id: "f1" });
      expect(begun.isSendQueued()).toBe(true);
      begun.write("and more");
      expect(begun.isSendQueued()).toBe(false);
      begun.sendWhenUploaded(send);
      begun.removeFile(2);
      expect(begun.isSendQueued()).toBe(false);
      expect(sent).toEqual([]);
      begun.addFile(file(3));
      begun.sendWhenUploaded(send);
      begun.updateFile(3, { progress: 0.5 });
      begun.updateFile(3, { id: "f3" });
      expect(sent).toEqual([["f1", "f3"]]);
      expect(begun.text()).toBe("");
      end();
    });
  });
});

describe("a deletion", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("can be undone until it is under way, and waits for a connection", async () => {
    const answers: ((failure?: Failure) => void)[] = [];
    const remove = () => new Promise<void>((done, fail) => answers.push((failure) => (failure ? fail(failure) : done())));
    const doomed = new PendingDeletions("me", remove, { epoch: "e", connection: { kind: "live" } });
    const failures: unknown[] = [];
    doomed.add("r", 3, (failure) => failures.push(failure));
    expect(doomed.undoableUntil("r", 3)).toBeGreaterThan(0);
    for (const code of ["deadline", "unavailable"] as const) {
      await vi.advanceTimersByTimeAsync(UNDO_MS);
      expect(doomed.has("r", 3)).toBe(true);
      expect(doomed.undoableUntil("r", 3)).toBe(0);
      answers.at(-1)?.(new Failure(code, "", ""));
      await vi.advanceTimersByTimeAsync(0);
      expect(doomed.undoableUntil("r", 3)).toBeGreaterThan(0);
    }
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    answers.at(-1)?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(answers.length).toBe(3);
    expect(doomed.has("r", 3)).toBe(false);
    expect(failures).toEqual([]);
    expect(localStorage.length).toBe(0);
  });
});

describe("after a restore of the server", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const store = (epoch: string, kind: "live" | "connecting" = "live") => ({ epoch, connection: { kind } as { kind: "live" | "connecting" } });

  test("nothing is deleted that was to be deleted in the store that is gone, by this page or the one before", async () => {
    const removed: number[] = [];
    const remove = async (_room: string, seq: number) => void removed.push(seq);
    const before = new PendingDeletions("me", remove, store("old"));
    before.add("r", 3, () => undefined);
    before.stop();
    const now = store("new", "connecting");
    const after = new PendingDeletions("me", remove, now);
    await vi.advanceTimersByTimeAsync(3 * UNDO_MS);
    expect(removed).toEqual([]);
    now.connection = { kind: "live" };
    await vi.advanceTimersByTimeAsync(3 * UNDO_MS);
    expect([removed, after.has("r", 3), localStorage.length]).toEqual([[], false, 0]);
  });

  test("what was to be deleted without a connection waits for the stream, which says which store it is", async () => {
    const removed: number[] = [];
    const now = store("old", "connecting");
    const doomed = new PendingDeletions("me", async (_room, seq) => void removed.push(seq), now);
    doomed.add("r", 3, () => undefined);
    await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
    expect(removed).toEqual([]);
    await doomed.executeAll();
    expect([removed, localStorage.length]).toEqual([[], 1]);
    doomed.add("r", 3, () => undefined);
    now.connection = { kind: "live" };
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect([removed, localStorage.length]).toEqual([[3], 0]);
  });

  test("who signs out deletes nothing of another store, but what was wanted before the store was known", async () => {
    const removed: number[] = [];
    const remove = async (_room: string, seq: number) => void removed.push(seq);
    localStorage.setItem("causerie.doomed.me.1.r", "");
    localStorage.setItem("causerie.doomed.me.2.r", "old");
    localStorage.setItem("causerie.doomed.me.3.r", "new");
    await new PendingDeletions("me", remove, store("new")).executeAll();
    expect(removed).toEqual([1, 3]);
    expect(localStorage.getItem("causerie.doomed.me.2.r")).toBe("old");
  });

  test("an edit is a draft, nothing is answered, and what was begun in a thread is a draft of its room", () => {
    createRoot((end) => {
      const drafts = new Drafts("me");
      const begun = createComposerStates(drafts);
      begun("r").write("half a thought");
      begun("r").edit(said(3, "teh end"));
      begun("r").write("the end");
      begun("r/7").write("half an answer");
      begun("r/8").edit(said(9, "as it was"));
      begun("s").reply(said(4, "Really?"));
      begun("s").write("Yes");
      drafts.set("t/5", "in a thread that is not open");
      begun.dropPositions();
      for (const key of ["r", "r/7", "r/8", "s"]) expect([begun(key).editTarget(), begun(key).replyTarget()], key).toEqual([undefined, undefined]);
      expect(begun("r").text()).toBe("half a thought\nthe end\nhalf an answer");
      expect([begun("r/7").text(), begun("r/8").text(), begun("s").text(), drafts.get("t")]).toEqual(["", "", "Yes", "in a thread that is not open"]);
      expect(localStorage.getItem("causerie.draft.me.t/5")).toBeNull();
      end();
    });
  });

  test("an answer that waits for its files is not sent to what stands there now", () => {
    createRoot((end) => {
      const begun = createComposerStates(new Drafts("me"));
      let sent = 0;
      begun("r").reply(said(3, "Pictures?"));
      begun("r").addFile({ key: 1, name: "1.txt", size: 1, preview: "", progress: 0, id: "", cancel: () => undefined });
      begun("r").sendWhenUploaded(() => sent++);
      begun.dropPositions();
      begun("r").updateFile(1, { id: "f1" });
      expect([sent, begun("r").files().length]).toEqual([0, 1]);
      end();
    });
  });
});

test("who calls everybody is known by the server's rules", () => {
  for (const text of ["@all", "hi @Here!", "(@all)", "ask @all.", "日, @here さん"]) expect(mentionsEveryone(text), text).toBe(true);
  for (const text of ["@allen", "@al", "mail@all", "`@all`", "```\n@all\n```", "@@all", "all here", "@all.me"]) expect(mentionsEveryone(text), text).toBe(false);
});

test("a key is an input method's until the composition is over, in Safari too", () => {
  const key = (composing: boolean, keyCode: number) => isComposing({ isComposing: composing, keyCode } as KeyboardEvent);
  expect(key(true, 13)).toBe(true);
  expect(key(false, 229)).toBe(true);
  expect(key(false, 13)).toBe(false);
});
