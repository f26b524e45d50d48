// What is made of the small Markdown that messages are written in.

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { linkDestination, parse, plainText, safeHref, textOf, type Block, type Inline } from "../src/stores/messages/markdown";

describe("markdown", () => {
  test("is a tree; what is not understood stays text", () => {
    expect(parse("**a** `b`")).toEqual([
      { kind: "paragraph", inside: [
        { kind: "strong", inside: [{ kind: "text", text: "a" }] }, { kind: "text", text: " " }, { kind: "code", text: "b" },
      ] },
    ]);
    expect(parse("<b>x</b>")).toEqual([{ kind: "paragraph", inside: [{ kind: "text", text: "<b>x</b>" }] }]);
  });

  test("opens only addresses that are safe to open", () => {
    for (const href of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc", "//x", "/x"]) {
      expect(safeHref(href), href).toBeUndefined();
    }
    expect(safeHref("https://example.org/a")).toBe("https://example.org/a");
  });

  describe("says where a link leads", () => {
    const seen = (text: string) => {
      const [block] = parse(text);
      const link = block?.kind === "paragraph" ? block.inside[0] : undefined;
      return link?.kind === "link" ? linkDestination(textOf(link.inside), link.href) : "no link";
    };

    test("beside any text but the address itself", () => {
      for (const said of [
        "the docs", "**bank.example**", "https://bank.example", "(bank.example)", '"bank.example"', "→bank.example", "bank\u200b.example",
        "bank。example", "192.168.0.1", "ada@bank.example", "evil.example – bank.example/login", "evil.example/→bank.example",
        "evil.example", "evil.example/y", "evil.example/x bank.example", "www.evil.example/x", "@evil.example/x",
      ]) {
        expect(seen(`[${said}](https://evil.example/x)`), said).toBe("evil.example");
      }
      expect(seen("[log in at bank.example](mailto:eve@evil.example)")).toBe("eve@evil.example");
    });

    test("beside an address that begins as another, or has letters that look like others", () => {
      expect(seen("https://bank.example@evil.example/")).toBe("evil.example");
      expect(seen("https://evil.example.bank@evil.example/")).toBe("evil.example");
      // Its first a is Cyrillic.
      expect(seen("https://p\u0430ypal.com/login")).toBe("xn--pypal-4ve.com");
      expect(seen("[p\u0430ypal.com](https://p\u0430ypal.com)")).toBe("xn--pypal-4ve.com");
      expect(seen("https://bank\u200b.example/")).toBe("bank.example");
    });

    test("but not where the text says so already", () => {
      for (const honest of [
        "https://a.example/b.html", "https://a.example/ä?b=c#d", "http://a.example:8080", "https://xn--pypal-4ve.com/",
        "[a.example/b](https://a.example/b)", "[A.example](http://a.example)", "[https://a.example](https://a.example/)",
        "[ada@a.example](mailto:ada@a.example)",
      ]) {
        expect(seen(honest), honest).toBeUndefined();
      }
    });
  });

  test("never takes long, whatever is written", () => {
    // Far longer than it takes on any machine, far shorter than what grows faster than the text.
    const MOST_MS = 2_000;
    const hostile = [
      "http://[".repeat(250) + ")".repeat(2_000), "http://[".repeat(250) + ".)".repeat(1_000), "http://a)".repeat(220) + ")".repeat(2_000),
      "[".repeat(4_000), "> ".repeat(2_000), "`".repeat(4_000), "``".repeat(500) + "` ``` ".repeat(500), "[a](x(".repeat(600), "[\\a".repeat(1_300), "*a* ".repeat(10_000),
      ...["*a ", "_a", "**a ", "~~a ", "\n", "\u2028", "\\*", "@a"].map((piece) => piece.repeat(60_000)),
      ...["```", "```js", "#", "-", "1.", "[a]("].map((start) => `${start}${" ".repeat(60_000)}!\u2028!`),
    ];
    for (const text of hostile) {
      const took = (work: (text: string) => unknown) => {
        const began = performance.now();
        work(text);
        return performance.now() - began;
      };
      // What else the machine does meanwhile is not the text's fault.
      const best = (work: (text: string) => unknown) => Math.min(...[1, 2, 3].map(() => took(work)));
      expect(best(parse), `parse ${text.slice(0, 10)}`).toBeLessThan(MOST_MS);
      expect(best(plainText), `plain ${text.slice(0, 10)}`).toBeLessThan(MOST_MS);
    }
  }, 60_000);

  test("gives back all that is written, whatever it is written between", () => {
    const MARKS = ["*", "_", "~", "**", "~~", "`", "```", "\\", " ", "\n", "> ", "- ", "# ", "1. "];
    const PLACES = ["[", "]", "(", ")", "](", "](https://x.y/", "h", "http://[", "https://x.y/", "!", "'", " ", "\n"];
    // Each word is another letter, and none of them has a meaning.
    const piece = (of: readonly string[]) => fc.oneof(fc.constantFrom(...of), fc.constant("word"));
    const text = fc
      .constantFrom(MARKS, PLACES, [...MARKS, ...PLACES])
      .chain((of) => fc.array(piece(of), { maxLength: 200 }))
      .map((pieces) => pieces.map((it, i) => (it === "word" ? String.fromCodePoint(0x4e00 + i) : it)).join(""));
    const words = (text: string) => new Set(decodeURI(text).match(/[\u4e00-\u9fff]/gu));
    const inlines = (nodes: readonly Inline[]): string =>
      nodes.map((node) => ("inside" in node ? inlines(node.inside) : "") + ("href" in node ? node.href : "text" in node ? node.text : "")).join("");
    const all = (blocks: readonly Block[]): string =>
      blocks
        .map((block) => {
          if (block.kind === "quote") return all(block.blocks);
          if (block.kind === "list") return block.items.map(inlines).join("");
          return "inside" in block ? inlines(block.inside) : "text" in block ? block.text : "";
        })
        .join("");
    fc.assert(fc.property(text, (text) => void expect(words(all(parse(text)))).toEqual(words(text))), { numRuns: 500 });
  });
});
