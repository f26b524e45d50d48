// What users may write is text, wherever it is shown.

import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { AuthService } from "../src/gen/causerie/v1/auth_pb";
import { png } from "./support/images";
import { PASSWORD, type Person } from "./support/people";
import { bubble, openRoom, world } from "./support/world";

const w = world();

/** The first account of the server is its admin. */
let first: Promise<Person> | undefined;
const admin = () => (first ??= w.person("Ada"));

const EVIL = [
  `<img src=x onerror="window.evil=1">`,
  `<script>window.evil=1</script>`,
  `"><svg/onload=window.evil=1>`,
  `[click](javascript:window.evil=1)`,
  `<a href="javascript:window.evil=1">x</a>`,
  "```<img src=x onerror=window.evil=1>\n<b>code</b>\n```",
  `https://example.org/"onmouseover="window.evil=1`,
  `{{constructor.constructor("window.evil=1")()}} \${window.evil=1}`,
] as const;
const PICTURE = `<img src=x onerror=window.evil=1>.png`;
const NAME = `<img src=x onerror=window.evil=1><b>N</b>`;

/** Nothing of what was written has become anything but text. */
async function harmless(page: Page): Promise<void> {
  expect(await page.evaluate(() => (window as { evil?: unknown }).evil)).toBeUndefined();
  // Only what this client makes: no element that a text could have smuggled in.
  const strange = `img:not([src^="/files/"]), iframe, object, embed, #root script, #root b, #root i:not(.typing-dots i)`;
  expect(await page.locator(strange).count()).toBe(0);
  const links = await page.locator("#root a").evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol));
  expect(links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol))).toEqual([]);
  const handlers = await page.evaluate(() =>
    [...document.querySelectorAll("*")].flatMap((el) => el.getAttributeNames().filter((name) => name.startsWith("on"))),
  );
  expect(handlers).toEqual([]);
}

test("markup in any field that a user can set is shown as text", async () => {
  const ada = await admin();
  const mallory = await w.person("Mallory", NAME);
  await mallory.users.updateProfile({ bio: EVIL.slice(0, 3).join("\n"), statusText: `<i onclick=window.evil=1>status</i>` });
  const { room } = await mallory.rooms.createRoom({ name: NAME, topic: `<b>topic</b><img src=x onerror=window.evil=1>` });
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
  await mallory.say(dm.room?.id ?? "", EVIL[0]);

  const page = await w.window(ada);
  await page.goto(`${w.pages.url}/rooms/${id}`);
  await bubble(page, "quoting").waitFor();
  await page.getByRole("heading", { name: NAME, level: 1 }).waitFor();
  await page.locator(".quote-text", { hasText: "<img src=x" }).waitFor();
  await page.locator(".pin-banner", { hasText: "<img src=x" }).waitFor();
  await bubble(page, "edited").first().getByRole("button", { name: "edited" }).click();
  await page.getByRole("dialog").getByText(EVIL[0], { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".msg-name").first().click();
  await page.locator(".user-card", { hasText: "<script>" }).waitFor();
  await page.keyboard.press("Escape");
  const said = (await page.locator(".bubble").allInnerTexts()).join("\n");
  for (const piece of ["<script>window.evil=1</script>", `"><svg/onload=window.evil=1>`, "[click](javascript:"]) {
    expect(said).toContain(piece);
  }

  await harmless(page);
  await page.goto(`${w.pages.url}/directory`);
  await page.getByText(NAME).first().waitFor();
  await harmless(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: NAME }).first().waitFor();
  await harmless(page);
  await page.keyboard.press("Escape");
  await openRoom(page, NAME);
  await page.locator(".member", { hasText: "<i onclick" }).waitFor();
  await harmless(page);
});

test("markup is text also on pages one goes to, in what lies over them, and in what is told of", async () => {
  const ada = await admin();
  const mallory = await w.person("Mallory", NAME);
  const { room } = await mallory.rooms.createRoom({ name: NAME, topic: EVIL[1] });
  const id = room?.id ?? "";
  await ada.rooms.joinRoom({ roomId: id });
  const own = await ada.room("Markup");
  await mallory.rooms.joinRoom({ roomId: own });
  await ada.rooms.banMember({ roomId: own, userId: mallory.id });
  const { invite } = await mallory.rooms.createInvite({ roomId: id });
  const picture = await mallory.upload(PICTURE, png(40, 40, [90, 90, 200]));
  await mallory.chat.sendMessage({ roomId: id, text: "a picture", clientMessageId: "p-1", attachmentIds: [picture] });
  const root = await mallory.say(id, `@${ada.username} ${EVIL[0]}`);
  await mallory.say(id, `answer ${EVIL[2]}`, root);
  const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: w.server.url }));
  await auth.login({ login: ada.username, password: PASSWORD, device: NAME });
  const { room: dm } = await mallory.rooms.openDirectRoom({ userId: ada.id });

  const page = await w.window(ada, { userAgent: NAME, permissions: ["notifications"] });
  await page.context().addInitScript(() => {
    const told: string[] = [];
    const fake = function (this: object, title: string, { body }: NotificationOptions) {
      told.push(title, body ?? "");
    };
    Object.assign(window, { told, Notification: Object.assign(fake, { permission: "granted" }) });
    document.hasFocus = () => false;
  });
  await page.goto(`${w.pages.url}/settings/notifications`);
  await page.getByLabel("Direct messages and mentions").check();
  await page.goto(`${w.pages.url}/mentions`);
  await page.locator(".message-card", { hasText: EVIL[0] }).filter({ hasText: NAME }).waitFor();
  await harmless(page);
  await mallory.say(dm?.id ?? "", PICTURE);
  await expect.poll(() => page.evaluate(() => (window as unknown as { told: string[] }).told)).toEqual([NAME, PICTURE]);
  await harmless(page);

  // What is searched for is shown as well as what is found.
  await page.goto(`${w.pages.url}/search/${encodeURIComponent(`"answer ${EVIL[2]}`)}`);
  await page.getByRole("searchbox", { name: "Search messages" }).waitFor();
  await harmless(page);
  await expect
    .poll(async () => {
      await page.goto(`${w.pages.url}/search/answer`);
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      return page.locator(".message-card").allInnerTexts();
    })
    .toEqual([expect.stringContaining(EVIL[2])]);
  await harmless(page);

  await page.goto(`${w.pages.url}/invite/${invite?.code}`);
  await page.getByText(`Invited by ${NAME}`).waitFor();
  await page.getByRole("heading", { name: NAME, level: 1 }).waitFor();
  await harmless(page);
  await page.goto(`${w.pages.url}/settings/sessions`);
  await page.locator(".settings-card").getByText(NAME, { exact: true }).waitFor();
  await harmless(page);
  await page.goto(`${w.pages.url}/admin`);
  await page.locator(".account", { hasText: mallory.username }).getByText(NAME, { exact: true }).waitFor();
  await harmless(page);

  await page.goto(`${w.pages.url}/rooms/${id}`);
  await bubble(page, EVIL[0]).waitFor();
  await page.locator(".thread-link").click();
  await page.locator(".thread .bubble", { hasText: EVIL[2] }).waitFor();
  await expect
    .poll(async () => {
      await mallory.chat.setTyping({ roomId: id, typing: true });
      return page.locator(".typing").first().innerText();
    })
    .toBe(`${NAME} is typing…`);
  await harmless(page);
  // Beside the thread the log may still find its place: a press on what moves away meets nothing.
  const open = async () => {
    const there = await page.locator(".viewer").isVisible();
    if (!there) await page.getByRole("button", { name: "Open image: <img" }).first().click({ timeout: 2_000 }).catch(() => undefined);
    return there;
  };
  await expect.poll(open).toBe(true);
  await page.locator(".viewer").getByText(PICTURE).waitFor();
  await page.locator(".viewer").getByText(NAME, { exact: true }).waitFor();
  await harmless(page);
  await page.keyboard.press("Escape");

  await openRoom(page, "Markup");
  await page.getByRole("button", { name: "Room menu" }).click();
  await page.getByRole("menuitem", { name: "Banned people" }).click();
  await page.getByRole("dialog").getByText(NAME, { exact: true }).waitFor();
  await harmless(page);
});

test("two with the same name are told apart by their usernames", async () => {
  const ada = await w.person("Ada");
  const grace = await w.person("Grace", "Grace Hopper");
  const other = await w.person("Other", "grace  hopper");
  const room = await ada.room("Doubles");
  for (const it of [grace, other]) await it.rooms.joinRoom({ roomId: room });
  await grace.say(room, "the real one");
  const page = await w.window(ada);
  await openRoom(page, "Doubles");
  const head = bubble(page, "the real one").locator(".msg-head");
  expect(await head.locator(".msg-name").getAttribute("title")).toBe(`@${grace.username}`);
  await other.say(room, "the other one");
  await head.getByText(`@${grace.username}`, { exact: true }).waitFor();
  await bubble(page, "the other one").getByText(`@${other.username}`, { exact: true }).waitFor();
  await other.users.updateProfile({ displayName: "Someone else" });
  await page.reload();
  await bubble(page, "the other one").locator(".msg-name", { hasText: "Someone else" }).waitFor();
  expect(await page.locator(".msg-username").count()).toBe(0);
});

test("a letter with marks piled upon it stays within its frame", async () => {
  const piled = await w.person("Piled", `A${"\u0301".repeat(60)}`);
  const page = await w.window(piled);
  const avatar = page.locator(".account-button .avatar");
  const letters = avatar.locator(".avatar-letters");
  expect((await letters.getAttribute("data-letters"))?.length).toBeLessThan(12);
  const { x, y, width } = (await avatar.boundingBox())!;
  const above = () => page.screenshot({ clip: { x, y: y - 12, width, height: 12 } });
  const withLetters = await above();
  await letters.evaluate((it) => (it.style.visibility = "hidden"));
  expect((await above()).equals(withLetters)).toBe(true);
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
  w.clearComplaints();
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
