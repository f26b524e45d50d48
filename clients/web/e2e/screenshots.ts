// Pictures of the main states, light and dark, desktop and phone, into
// SHOTS (e2e/shots if not set). Emoji are black lines without a font that has
// them in colour (on Debian, fonts-noto-color-emoji), and Chinese is boxes
// without fonts-noto-cjk. Of three the README shows copies (README_PICTURES).

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, test } from "vitest";

import { RoomKind } from "../src/gen/causerie/v1/types_pb";
import { person, type Person } from "./support/people";
import { hills } from "./support/images";
import { texts } from "./support/history";
import { bubble, composer, openRoom, world } from "./support/world";

const SHOTS = process.env["SHOTS"] ?? join(import.meta.dirname, "shots");
/** What the README shows, in clients/web/pictures, by the picture that it is made of. */
const README_PICTURES = { "light-room": "room", "dark-thread": "thread-dark", "light-phone-room": "phone" };

const w = world({ link: true });

/** By a plain username: it can be read in the pictures. */
const named = (username: string, displayName: string) => person(w.server.url, username, displayName);

async function fill() {
  const sam = await named("sam", "Sam Rivers");
  const ada = await named("ada", "Ada Lovelace");
  const grace = await named("grace", "Grace Hopper");
  const long = await named("maximilian", "Maximilian Alexander von Hohenzollern-Sigmaringen the Third");
  const layla = await named("layla", "ليلى حداد");
  const design = await sam.room("Design");
  const others = [ada, grace, long, layla];
  for (const other of others) await other.rooms.joinRoom({ roomId: design });
  await ada.users.updateProfile({ statusText: "writing notes", bio: "Analyst of engines.\nLikes long walks and short proofs." });
  await grace.users.updateProfile({ statusText: "in a meeting" });
  await sam.rooms.updateRoom({ roomId: design, topic: "How Causerie looks and feels" });
  const say = (who: Person, text: string, replyTo = 0) =>
    who.chat
      .sendMessage({ roomId: design, text, clientMessageId: crypto.randomUUID(), replyToSeq: BigInt(replyTo) })
      .then(({ message }) => Number(message?.seq));
  await say(ada, "Good morning! Did anyone look at the **new timeline**? It keeps its place now.");
  await say(ada, "1. read the newest page\n2. keep the *cursor*\n3. ask for what is missing\n\n> Changes are state, so applying one twice does no harm.");
  const nice = await say(sam, "Nice, reading it right now");
  await say(sam, "This bit is lovely:\n```rust\npub fn accept(&mut self, room_id: &str, seq: i64) -> Verdict {\n    match self.rooms.get_mut(room_id) {\n        None => Verdict::Stray,\n        Some(at) if seq <= *at => Verdict::Repeat,\n    }\n}\n```");
  await say(grace, "🎉🎉");
  const run = await say(grace, "`make run` and you have it. No ~~database~~ anything else needed, see https://example.org/docs.");
  await say(long, "A name that long has to fit somewhere, and a_word_that_never_ends_" + "x".repeat(140));
  await say(layla, "صباح الخير! كيف حالكم اليوم؟ أحب هذا التصميم الهادئ.");
  const gone = await say(long, "never mind");
  await long.chat.deleteMessage({ roomId: design, seq: BigInt(gone) });
  await say(ada, "Glad you like it!", nice);
  const last = await say(sam, "We could ship on Friday.");
  await sam.chat.editMessage({ roomId: design, seq: BigInt(last), text: "We could ship on Friday, or so." });
  for (const [who, emoji] of [[ada, "🎉"], [grace, "🎉"], [sam, "🎉"], [layla, "❤️"], [long, "👀"]] as const) {
    await who.chat.addReaction({ roomId: design, seq: BigInt(run), emoji });
  }
  await ada.chat.addReaction({ roomId: design, seq: BigInt(last), emoji: "👍" });
  await sam.chat.pinMessage({ roomId: design, seq: BigInt(run) });
  await sam.chat.pinMessage({ roomId: design, seq: BigInt(last) });

  const asked = await say(grace, `@${sam.username} can you look at the spacing of the *sidebar*?`);
  for (const [who, text] of [[ada, "I would give it a little more air."], [sam, "Done, have a look."]] as const) {
    await who.chat.sendMessage({ roomId: design, text, clientMessageId: crypto.randomUUID(), threadSeq: BigInt(asked) });
  }
  const dusk = hills(1600, 1000, [224, 140, 120], [52, 36, 74]);
  const noon = hills(1000, 1500, [120, 180, 235], [40, 92, 66]);
  const attachmentIds = [await layla.upload("evening over the hills.png", dusk), await layla.upload("noon.png", noon)];
  await layla.chat.sendMessage({ roomId: design, text: "Two for the welcome page?", clientMessageId: crypto.randomUUID(), attachmentIds });
  await layla.users.updateProfile({ avatarFileId: attachmentIds[0]! });
  const face = await ada.upload("me.png", hills(400, 400, [190, 170, 240], [70, 50, 130]));
  await ada.users.updateProfile({ avatarFileId: face });
  await say(sam, "Let us ship it on Monday, then.");
  const busy = await grace.room("Release train");
  const picture = await grace.upload("train.png", hills(500, 500, [240, 200, 120], [150, 70, 40]));
  await grace.rooms.updateRoom({ roomId: busy, avatarFileId: picture });
  await sam.rooms.joinRoom({ roomId: busy });
  for (let i = 1; i <= 120; i++) await grace.say(busy, `Build ${i} is green.`);
  const quiet = await sam.rooms.createRoom({ name: "A room whose name is rather longer than it should be", kind: RoomKind.PRIVATE });
  const dm = await ada.rooms.openDirectRoom({ userId: sam.id });
  await ada.say(dm.room?.id ?? "", "Do you have five minutes?");
  const dm2 = await long.rooms.openDirectRoom({ userId: sam.id });
  await long.say(dm2.room?.id ?? "", "Thank you!");
  const garden = await sam.rooms.createRoom({ name: "Garden" });
  const gardenId = garden.room?.id ?? "";
  await ada.rooms.joinRoom({ roomId: gardenId });
  const tomatoes = await sam.say(gardenId, "The tomatoes are in.");
  await ada.chat.sendMessage({ roomId: gardenId, text: "At last!", clientMessageId: "at-last", threadSeq: BigInt(tomatoes) });
  const flagged = await ada.say(gardenId, "Who waters them next week?");
  await sam.chat.markRead({ roomId: gardenId, seq: BigInt(flagged) });
  await sam.chat.markUnread({ roomId: gardenId, seq: BigInt(flagged) });
  await sam.rooms.updateRoomPreferences({ roomId: gardenId, muteNotificationsFor: { seconds: 604_800n, nanos: 0 } });
  for (const [name, count] of [["Alerts", 140], ["Every single thing that ever happens anywhere", 1_050]] as const) {
    const room = await grace.room(name);
    await sam.rooms.joinRoom({ roomId: room });
    w.server.lengthen(room, grace.id, texts(count));
    await grace.say(room, `@${sam.username} this one is for you`);
  }
  const { invite } = await sam.rooms.createInvite({ roomId: design });
  const archived = await sam.rooms.createRoom({ name: "Old plans" });
  await sam.rooms.archiveRoom({ roomId: archived.room?.id ?? "", archived: true });
  return { sam, ada, newcomer: await named("robin", "Robin"), invite: invite?.code ?? "", design, dm: dm.room?.id ?? "", quiet: quiet.room?.id ?? "", archived: archived.room?.id ?? "" };
}

const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 };

/** A call's answer: none, but that it is not permitted. */
const TRAILERS = "grpc-status:7\r\ngrpc-message:You may not post here.\r\n";
const REFUSED = Buffer.concat([Buffer.from([0x80, 0, 0, 0, TRAILERS.length]), Buffer.from(TRAILERS)]);

let it: Awaited<ReturnType<typeof fill>>;
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  it = await fill();
});

const still = async (page: Page, name: string) => {
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((a) => (a.effect?.getTiming().iterations === Infinity ? undefined : a.finished))));
  // What is far away is loaded when one comes there.
  await page.waitForFunction(() => [...document.images].every((it) => it.complete || it.getBoundingClientRect().top > innerHeight));
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
};

/** What is seen seldom: nothing yet, nothing found, no connection, on the way. */
const rareStates = async (prefix: string, options: BrowserContextOptions) => {
  const newcomer = await w.window(it.newcomer, options);
  await newcomer.getByText("You haven’t joined any rooms yet.").filter({ visible: true }).first().waitFor();
  await still(newcomer, `${prefix}-newcomer`);
  await newcomer.goto(`${w.pages.url}/invite/${it.invite}`);
  await newcomer.getByRole("button", { name: "Join" }).waitFor();
  await still(newcomer, `${prefix}-invite`);
  await newcomer.goto(`${w.pages.url}/search/nowhere`);
  await newcomer.getByText("No messages found.").waitFor();
  await still(newcomer, `${prefix}-nothing-found`);
  await newcomer.context().close();

  const page = await w.window(it.sam, options);
  await page.getByText("Release train").waitFor();
  await page.goto(`${w.pages.url}/search/spacing`);
  await page.locator(".message-card").first().waitFor();
  await still(page, `${prefix}-found`);
  await page.goto(`${w.pages.url}/rooms/${it.design}`);
  await bubble(page, "ship it on Monday").waitFor();
  for (const [item, ready, name] of [["Search in this room", "input", "search-panel"], ["Files", "img", "files-panel"]] as const) {
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    await page.locator(`.panel ${ready}`).first().waitFor();
    await still(page, `${prefix}-${name}`);
    await page.locator(".panel-head").getByRole("button", { name: "Close" }).click();
  }
  let chunks = 0;
  // Of an upload only the beginning arrives.
  await page.route("**/UploadChunk", (route) => (chunks++ ? undefined : route.continue()));
  await page.locator(".composer input[type=file]").setInputFiles({ name: "a recording of the whole meeting.wav", mimeType: "audio/wav", buffer: Buffer.alloc(3_000_000, 7) });
  await page.locator(".pending-attachments progress[value]:not([value='0'])").waitFor();
  await still(page, `${prefix}-uploading`);
  await page.locator(".pending-attachments .icon-button").click();
  await page.locator(".pending-attachments li").waitFor({ state: "detached" });
  await page.locator(".scroller").evaluate((log) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.txt"));
    log.dispatchEvent(new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.locator(".drop-zone").waitFor();
  await still(page, `${prefix}-drop`);
  await page.reload();
  await bubble(page, "ship it on Monday").waitFor();
  await page.locator(".connection-bar").waitFor({ state: "detached" });
  await page.route("**/SendMessage", (route) => route.fulfill({ contentType: "application/grpc-web+proto", body: REFUSED }));
  // On a phone, Enter begins a new line.
  const send = async (text: string) => (await composer(page).fill(text), page.getByRole("button", { name: "Send", exact: true }).click());
  await send("This one was refused");
  await page.locator(".msg-state-refused").waitFor();
  await page.unroute("**/SendMessage");
  w.link.cut();
  await send("This one waits for the connection");
  await page.locator(".msg-pending").nth(1).waitFor();
  await page.locator(".connection-bar").waitFor();
  await still(page, `${prefix}-offline`);
  await page.context().close();
  w.link.mend();
  w.clearComplaints();
};

test("pictures of rare states", async () => {
  for (const scheme of ["light", "dark"] as const) {
    for (const [size, options] of [["-phone", { ...PHONE, hasTouch: true, isMobile: true }], ["", {}]] as const) {
      await rareStates(`${scheme}${size}`, { ...options, colorScheme: scheme });
    }
  }
});

test("pictures", async () => {
  for (const scheme of ["light", "dark"] as const) {
    const door = await w.window(undefined, { colorScheme: scheme });
    await door.goto(`${w.pages.url}/login`);
    await door.getByRole("button", { name: "Sign in" }).waitFor();
    await still(door, `${scheme}-login`);
    await door.goto(`${w.pages.url}/register`);
    await door.getByRole("button", { name: "Create account" }).waitFor();
    await still(door, `${scheme}-register`);
    await door.goto(`${w.pages.url}/recover#a-token`);
    await door.getByRole("button", { name: "Set password and sign in" }).waitFor();
    await still(door, `${scheme}-recover`);
    const page = await w.window(it.sam, { colorScheme: scheme });
    await page.getByText("Release train").waitFor();
    await still(page, `${scheme}-home`);
    await openRoom(page, "Design");
    await bubble(page, "ship it on Monday").waitFor();
    await page.locator(".member").nth(4).waitFor();
    await still(page, `${scheme}-room`);
    await bubble(page, "ship it on Monday").hover();
    await bubble(page, "ship it on Monday").getByRole("button", { name: "More actions" }).click();
    await still(page, `${scheme}-menu`);
    await page.keyboard.press("Escape");
    await bubble(page, "ship it on Monday").hover();
    await bubble(page, "ship it on Monday").getByRole("button", { name: "Add reaction" }).first().click();
    await page.locator(".emoji-grid").nth(2).waitFor();
    await still(page, `${scheme}-emoji`);
    await page.keyboard.press("Escape");
    await bubble(page, "can you look at").hover();
    await bubble(page, "can you look at").getByRole("button", { name: "Reply" }).click();
    await composer(page).fill("Me too :smil");
    await page.locator(".completion li").first().waitFor();
    await still(page, `${scheme}-reply`);
    await composer(page).fill("");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "All 2" }).click();
    await page.locator(".pin-item").nth(1).waitFor();
    await still(page, `${scheme}-pins`);
    await page.getByRole("button", { name: "2 replies" }).click();
    await page.locator(".thread .msg").nth(2).waitFor();
    await still(page, `${scheme}-thread`);
    await page.locator(".panel-head .icon-button").click();
    await page.locator(".msg-name", { hasText: "Ada Lovelace" }).last().click();
    await page.getByRole("button", { name: "Manage" }).waitFor();
    await still(page, `${scheme}-person`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await still(page, `${scheme}-palette`);
    await page.keyboard.press("Escape");
    // Whoever was looked at may have written long ago: back to the end.
    await page.keyboard.press("Escape");
    await bubble(page, "Two for the welcome").hover();
    await bubble(page, "Two for the welcome").getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Read by" }).click();
    await page.getByRole("dialog").locator(".plain-list li").first().waitFor();
    await still(page, `${scheme}-read-by`);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Open image: evening over the hills.png" }).click();
    await page.locator(".viewer-stage[aria-busy=false]").waitFor();
    await still(page, `${scheme}-viewer`);
    await page.keyboard.press("Escape");
    for (const [item, ready, name] of [["Notifications", "Until unmuted", "room-notify"], ["Edit room", "Choose picture", "room-edit"], ["Invite links", "Create link", "invites"], ["Banned people", "Ban someone", "bans"]] as const) {
      await page.getByRole("button", { name: "Room menu" }).click();
      await page.getByRole("menuitem", { name: item }).click();
      await page.getByRole("dialog").getByRole("button", { name: ready }).waitFor();
      await still(page, `${scheme}-${name}`);
      await page.keyboard.press("Escape");
    }
    await page.locator(".member", { hasText: "Grace Hopper" }).click();
    await page.getByRole("button", { name: "Manage" }).click();
    await page.getByRole("menuitem", { name: "Mute" }).click();
    await page.getByRole("button", { name: "8 hours" }).waitFor();
    await still(page, `${scheme}-mute`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.goto(`${w.pages.url}/rooms/${it.dm}`);
    await bubble(page, "five minutes").waitFor();
    await still(page, `${scheme}-direct`);
    await page.goto(`${w.pages.url}/rooms/${it.quiet}`);
    await composer(page).waitFor();
    await still(page, `${scheme}-empty-room`);
    await page.goto(`${w.pages.url}/rooms/${it.archived}`);
    await page.getByText("is archived. You can").waitFor();
    await still(page, `${scheme}-archived`);
    await page.getByRole("button", { name: "Create a room" }).click();
    await page.getByLabel("Topic").waitFor();
    await still(page, `${scheme}-create`);
    await page.goto(`${w.pages.url}/search/build`);
    await page.locator(".message-card").nth(3).waitFor();
    await still(page, `${scheme}-search`);
    await page.goto(`${w.pages.url}/mentions`);
    await page.locator(".message-card").first().waitFor();
    await still(page, `${scheme}-mentions`);
    await page.goto(`${w.pages.url}/directory`);
    await page.locator(".directory-item").nth(2).waitFor();
    await still(page, `${scheme}-directory`);
    // The first account is the server's admin.
    await page.goto(`${w.pages.url}/admin`);
    await page.locator(".account").nth(3).waitFor();
    await still(page, `${scheme}-admin`);
    for (const section of ["", "sessions", "privacy", "notifications", "appearance", "language", "password"]) {
      await page.goto(`${w.pages.url}/settings/${section}`);
      await page.locator(".settings-card").waitFor();
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      await still(page, `${scheme}-settings-${section || "profile"}`);
    }
    await page.context().close();
  }
  for (const scheme of ["light", "dark"] as const) {
    const phone = { ...PHONE, hasTouch: true, isMobile: true, colorScheme: scheme };
    const page = await w.window(it.sam, phone);
    await page.getByText("Release train").waitFor();
    await still(page, `${scheme}-phone-home`);
    await openRoom(page, "Design");
    await bubble(page, "ship it on Monday").waitFor();
    // What is clicked leaves a pointer behind, which no phone has.
    await page.mouse.move(200, 10);
    await still(page, `${scheme}-phone-room`);
    await bubble(page, "ship it on Monday").locator(".bubble").tap();
    await still(page, `${scheme}-phone-tools`);
    await page.getByRole("button", { name: "Show members" }).tap();
    await page.locator(".member").nth(4).waitFor();
    await still(page, `${scheme}-phone-members`);
    await page.getByRole("button", { name: "Close" }).tap();
    await page.getByRole("button", { name: "2 replies" }).tap();
    const panel = page.getByRole("complementary", { name: "Thread" });
    await panel.locator("input[type=file]").setInputFiles({ name: "a spacing proposal.txt", mimeType: "text/plain", buffer: Buffer.from("more air") });
    await panel.locator(".pending-attachments li").waitFor();
    await panel.locator(".msg").nth(2).waitFor();
    await still(page, `${scheme}-phone-thread`);
    await panel.getByRole("button", { name: "Close" }).tap();
    await page.getByRole("button", { name: "Open image: noon.png" }).tap();
    await page.locator(".viewer-stage[aria-busy=false]").waitFor();
    await still(page, `${scheme}-phone-viewer`);
    await page.getByRole("button", { name: "Close" }).tap();
    await page.getByRole("button", { name: "Room menu" }).tap();
    await page.getByRole("menuitem", { name: "Edit room" }).tap();
    await page.getByRole("button", { name: "Choose picture" }).waitFor();
    await still(page, `${scheme}-phone-room-edit`);
    await page.keyboard.press("Escape");
    await page.goto(`${w.pages.url}/settings`);
    await page.getByRole("button", { name: "Choose picture" }).waitFor();
    await still(page, `${scheme}-phone-profile`);
    await page.context().close();
  }
  for (const [from, to] of Object.entries(README_PICTURES)) console.log(`for the README: ${from}.png as clients/web/pictures/${to}.png`);
  const words = { Username: "اسم المستخدم", Password: "كلمة المرور", "Sign in": "تسجيل الدخول", Rooms: "الغرف" };
  const arabic = await w.window(it.sam, { locale: "ar" }, words);
  await arabic.goto(`${w.pages.url}/rooms/${it.design}`);
  await bubble(arabic, "ship it on Monday").waitFor();
  await still(arabic, "light-arabic");
  await arabic.getByRole("button", { name: "قائمة الغرفة" }).click();
  await arabic.getByRole("menuitem", { name: "روابط الدعوة" }).click();
  await arabic.getByRole("button", { name: "إنشاء رابط" }).click();
  await arabic.locator(".invite-list li").first().waitFor();
  await still(arabic, "light-arabic-invites");
  for (const page of ["mentions", "search/build"]) {
    await arabic.goto(`${w.pages.url}/${page}`);
    await arabic.locator(".message-card").first().waitFor();
    await still(arabic, `light-arabic-${page.split("/")[0]}`);
  }
});
