// What is being written and what is about to be deleted: kept in the browser,
// with no page to show it.

import { createRoot } from "solid-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Failure } from "../src/failure";
import type { Message } from "../src/nouns";
import { createAllBegun } from "../src/state/begun";
import { Doomed, UNDO_MS } from "../src/state/doomed";
import { Drafts } from "../src/state/drafts";
import { callsAll } from "../src/state/mentions";
import { composing } from "../src/ui/kit/ime";

/** What a browser keeps. */
class Kept implements Storage {
  readonly #items = new Map<string, string>();
  get length() {
    return this.#items.size;
  }
  key = (i: number) => [...this.#items.keys()][i] ?? null;
  getItem = (key: string) => this.#items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#items.set(key, value);
  removeItem = (key: string) => void this.#items.delete(key);
  clear = () => this.#items.clear();
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
      const begun = createAllBegun(new Drafts("me"));
      begun("r").write("half a thought");
      begun("r").edit(said(3, "teh end"));
      begun("r").write("the end");
      // As another page finds it, which is opened meanwhile.
      expect(begun("r").editing()?.seq).toBe(3);
      expect(begun("r").text()).toBe("the end");
      expect(begun("r/3").editing()).toBeUndefined();
      begun("r").rest();
      expect(begun("r").text()).toBe("half a thought");
      end();
    });
  });
});

describe("files that go with a message", () => {
  const file = (key: number, id = "") => ({ key, name: `${key}.txt`, size: 1, preview: "", share: 0, id, cancel: () => undefined });

  test("stay with what they were chosen for, with the message that is answered", () => {
    createRoot((end) => {
      const begun = createAllBegun(new Drafts("me"));
      begun("r").answer(said(3, "Pictures?"));
      begun("r").add(file(1));
      begun("r").uploaded(1, { id: "f1" });
      expect(begun("other").files()).toEqual([]);
      expect(begun("r").answering()?.seq).toBe(3);
      expect(begun("r").take()).toEqual(["f1"]);
      expect(begun("r").answering()).toBeUndefined();
      expect(begun("r").files()).toEqual([]);
      end();
    });
  });

  test("are waited for by the message, unless it is changed or one of them fails", () => {
    createRoot((end) => {
      const begun = createAllBegun(new Drafts("me"))("r");
      const sent: string[][] = [];
      const send = () => sent.push(begun.take());
      begun.add(file(1));
      begun.add(file(2));
      begun.whenUploaded(send);
      begun.uploaded(1, { id: "f1" });
      expect(begun.waits()).toBe(true);
      begun.write("and more");
      expect(begun.waits()).toBe(false);
      begun.whenUploaded(send);
      begun.drop(2);
      expect(begun.waits()).toBe(false);
      expect(sent).toEqual([]);
      begun.add(file(3));
      begun.whenUploaded(send);
      begun.uploaded(3, { share: 0.5 });
      begun.uploaded(3, { id: "f3" });
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
    const doomed = new Doomed("me", remove);
    const failures: unknown[] = [];
    doomed.add("r", 3, (failure) => failures.push(failure));
    expect(doomed.undoable("r", 3)).toBeGreaterThan(0);
    for (const code of ["deadline", "unavailable"] as const) {
      await vi.advanceTimersByTimeAsync(UNDO_MS);
      expect(doomed.has("r", 3)).toBe(true);
      expect(doomed.undoable("r", 3)).toBe(0);
      answers.at(-1)?.(new Failure(code, "", ""));
      await vi.advanceTimersByTimeAsync(0);
      expect(doomed.undoable("r", 3)).toBeGreaterThan(0);
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

test("who calls everybody is known by the server's rules", () => {
  for (const text of ["@all", "hi @Here!", "(@all)", "ask @all.", "日, @here さん"]) expect(callsAll(text), text).toBe(true);
  for (const text of ["@allen", "@al", "mail@all", "`@all`", "```\n@all\n```", "@@all", "all here", "@all.me"]) expect(callsAll(text), text).toBe(false);
});

test("a key is an input method's until the composition is over, in Safari too", () => {
  const key = (isComposing: boolean, keyCode: number) => composing({ isComposing, keyCode } as KeyboardEvent);
  expect(key(true, 13)).toBe(true);
  expect(key(false, 229)).toBe(true);
  expect(key(false, 13)).toBe(false);
});
