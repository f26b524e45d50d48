// What users may write is text, wherever it is shown.

import { expect, test } from "vitest";

import { bubble, enter, world } from "./support/world";

const w = world();

const EVIL = [
  `<img src=x onerror="window.__evil=1">`,
  `<script>window.__evil=1</script>`,
  `"><svg/onload=window.__evil=1>`,
  `[click](javascript:window.__evil=1)`,
  `<a href="javascript:window.__evil=1">x</a>`,
  "```<img src=x onerror=window.__evil=1>\n<b>code</b>\n```",
  `https://example.org/"onmouseover="window.__evil=1`,
  `{{constructor.constructor("window.__evil=1")()}} \${window.__evil=1}`,
];
const NAME = `<img src=x onerror=window.__evil=1><b>N</b>`;

test("markup in any field that a user can set is shown as text", async () => {
  const mallory = await w.person("Mallory", NAME);
  const ada = await w.person("Ada");
  await mallory.users.updateProfile({ bio: EVIL.slice(0, 3).join("\n"), statusText: `<i onclick=window.__evil=1>status</i>` });
  const { room } = await mallory.rooms.createRoom({ name: NAME, topic: `<b>topic</b><img src=x onerror=window.__evil=1>` });
  const id = room?.id ?? "";
  await ada.rooms.joinRoom({ roomId: id });
  for (const text of EVIL) await mallory.say(id, text);
  const { messages } = await mallory.chat.listMessages({ roomId: id });
  const first = messages.find(({ content }) => content.case === "text")!;
  await mallory.chat.editMessage({ roomId: id, seq: first.seq, text: `${EVIL[0]} edited` });
  await mallory.chat.pinMessage({ roomId: id, seq: first.seq });
  await mallory.chat.sendMessage({ roomId: id, text: "quoting", clientMessageId: "q-1", replyToSeq: first.seq });
  await mallory.rooms.updateRoom({ roomId: id, topic: `${EVIL[2]}` });
  const dm = await mallory.rooms.openDirectRoom({ userId: ada.id });
  await mallory.say(dm.room?.id ?? "", EVIL[0]!);

  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/rooms/${id}`);
  await bubble(page, "quoting").waitFor();
  await page.getByRole("heading", { name: NAME, level: 1 }).waitFor();
  await page.locator(".quote-text", { hasText: "<img src=x" }).waitFor();
  await page.locator(".pin-banner", { hasText: "<img src=x" }).waitFor();
  await bubble(page, "edited").first().getByRole("button", { name: "edited" }).click();
  await page.getByRole("dialog").getByText(EVIL[0]!, { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".msg-name").first().click();
  await page.locator(".user-card", { hasText: "<script>" }).waitFor();
  await page.keyboard.press("Escape");
  const said = (await page.locator(".bubble").allInnerTexts()).join("\n");
  for (const piece of ["<script>window.__evil=1</script>", `"><svg/onload=window.__evil=1>`, "[click](javascript:"]) {
    expect(said).toContain(piece);
  }

  const check = async () => {
    expect(await page.evaluate(() => (window as { __evil?: unknown }).__evil)).toBeUndefined();
    // Only what this client makes: no element that a text could have smuggled in.
    expect(await page.locator("img, iframe, object, embed, #root script, #root b, #root i:not(.typing-dots i)").count()).toBe(0);
    const links = await page.locator("#root a").evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol));
    expect(links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol))).toEqual([]);
    const handlers = await page.evaluate(() =>
      [...document.querySelectorAll("*")].flatMap((el) => el.getAttributeNames().filter((name) => name.startsWith("on"))),
    );
    expect(handlers).toEqual([]);
  };
  await check();
  await page.goto(`${w.pages.url}/directory`);
  await page.getByText(NAME).first().waitFor();
  await check();
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: NAME }).first().waitFor();
  await check();
  await page.keyboard.press("Escape");
  await enter(page, NAME);
  await page.locator(".member", { hasText: "<i onclick" }).waitFor();
  await check();
});

test("every page comes under a policy that forbids inline script, frames and other origins", async () => {
  const page = await w.window(undefined);
  for (const path of ["", "login", "rooms/anything", "search/example.org"]) {
    const answer = await fetch(`${w.pages.url}/${path}`);
    expect(answer.headers.get("content-type"), path).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("cache-control"), path).toBe("no-cache");
    guarded(answer.headers);
  }
  const html = await (await fetch(w.pages.url)).text();
  const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
  expect(assets.length).toBeGreaterThan(1);
  for (const path of assets) {
    const answer = await fetch(w.pages.url + path);
    expect(answer.headers.get("content-type"), path).toMatch(/^text\/(javascript|css)/);
    expect(answer.headers.get("cache-control"), path).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("content-encoding"), path).toBe("gzip");
    guarded(answer.headers);
  }
  expect((await fetch(`${w.pages.url}/assets/none.js`)).status).toBe(404);

  await page.goto(`${w.pages.url}/login`);
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.__inline = 1";
    const blocked = new Promise((done) => document.addEventListener("securitypolicyviolation", () => done("blocked"), { once: true }));
    document.body.append(script);
    return blocked;
  });
  expect(ran).toBe("blocked");
  expect(await page.evaluate(() => (window as { __inline?: unknown }).__inline)).toBeUndefined();
  w.forgive();
});

function guarded(headers: Headers): void {
  const policy = headers.get("content-security-policy")?.split("; ") ?? [];
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]));
  expect(policy.join(" ")).not.toMatch(/unsafe|data:|\*|https?:/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(headers.get("permissions-policy")).toContain("microphone=()");
}
