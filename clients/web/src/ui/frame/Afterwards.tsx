import "./drops";

import { createEffect } from "solid-js";

import { useChat } from "../../state/chat";
import { allEmoji } from "../../state/emoji";
import { createUpkeep } from "../../state/upkeep";
import { t } from "../i18n";
import { toast } from "../kit/toast";
import { watchActivity } from "./activity";
import { makeRoomForKeyboard } from "./keyboard";
import { NewsCard } from "./NewsCard";
import { notifyOfArrivals } from "./notify";
import { fetchRest } from "./rest";
import { showUnreadInTitle } from "./title";
import { keepUploads } from "./uploads";

/** What shows nothing at first, and therefore comes after what does. */
export default function Afterwards() {
  const chat = useChat();
  chat.onDeparture((room, banned) => toast(t(banned ? "youWereBanned" : "youWereRemoved", { room }), true));
  const news = notifyOfArrivals(chat);
  watchActivity(chat);
  makeRoomForKeyboard();
  keepUploads(chat);
  showUnreadInTitle(chat);
  // Last, for it tells of what has come before.
  chat.keepUp(createUpkeep);
  // What was not wanted yet shall be there without a connection too.
  createEffect(() => chat.connection().kind === "live" && fetchRest([...chat.api.late, allEmoji, () => import("../composer/attach")]));
  return <NewsCard news={news()} />;
}
