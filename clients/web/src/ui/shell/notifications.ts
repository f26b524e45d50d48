// Tells of messages while one looks elsewhere: by a sound; at the page by a card, else by a notification.

import { createEffect, createSignal, onCleanup, type Accessor } from "solid-js";

import type { Message } from "../../domain/types";
import type { Chat } from "../../stores/chat";
import { mentionsUser } from "../../stores/reading/unread";
import { prefs } from "../../stores/preferences/prefs";
import { named, said } from "../room/message-preview";
import { navigate, roomPath, route } from "../shared/router";

/** How often the tab that is looked at says so; the tab that tells may be another one. */
const BEAT_MS = 4_000;
/** Many messages at once are one sound. */
const QUIET_MS = 1_500;

/** A card goes by itself. */
const STAYS_MS = 6_000;

export interface News {
  readonly message: Message;
  /** Who wrote it, and where. */
  readonly title: string;
}

/** What there is to be shown on the page. */
export function notifyOfArrivals(chat: Chat): Accessor<News | undefined> {
  const [news, setNews] = createSignal<News>();
  let soundedAt = 0;
  // To the other tabs only: what is written to the storage again and again
  // keeps the browser from writing the outbox to the disk.
  const beat = () => document.hasFocus() && chat.reportFocus(true);
  const left = () => chat.reportFocus(false);
  const timer = setInterval(beat, BEAT_MS);
  beat();
  window.addEventListener("focus", beat);
  window.addEventListener("blur", left);
  onCleanup(() => {
    clearInterval(timer);
    window.removeEventListener("focus", beat);
    window.removeEventListener("blur", left);
  });

  const looksAt = (roomId: string) => {
    const now = route();
    return now.page === "room" && now.roomId === roomId;
  };
  createEffect(() => {
    const it = news();
    if (!it) return;
    if (looksAt(it.message.roomId)) return void setNews(undefined);
    const timer = setTimeout(() => setNews(undefined), STAYS_MS);
    onCleanup(() => clearTimeout(timer));
  });

  chat.onNotification((message) => {
    const { notify, sound } = prefs();
    const here = document.hasFocus();
    // A mention is for the user as a direct message is.
    const mine = chat.peer(message.roomId) !== undefined || mentionsUser(message, chat.me().id);
    if (notify === "none" || (notify === "direct" && !mine)) return;
    // Each tab tells whoever looks at it; while nobody does, one of them tells.
    if (here ? looksAt(message.roomId) : !chat.mayNotify(2 * BEAT_MS)) return;
    // To whoever is here the list of rooms tells of the others.
    if (!here || mine) {
      named(chat, message.senderId, (name) => {
        const title = chat.peer(message.roomId) ? name : `${name} · ${chat.title(message.roomId)}`;
        if (here) setNews({ message, title });
        else show(chat, message, title);
      });
    }
    if (sound && Date.now() - soundedAt > QUIET_MS) chime();
    soundedAt = Date.now();
  });
  return news;
}

function show(chat: Chat, message: Message, title: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const { roomId, seq } = message;
  const body = said(chat, message).slice(0, 200);
  try {
    // The tag makes a room's newest message take the place of the one before.
    const note = new Notification(title, { body, tag: roomId, icon: "/favicon.svg", silent: true });
    note.onclick = () => {
      window.focus();
      navigate(roomPath(roomId, seq));
      note.close();
    };
  } catch {
    // Some phones allow it only to service workers.
  }
}

let audio: AudioContext | undefined;

/** Two soft tones. */
export function chime(): void {
  // Before that browsers let no page sound, and would have all of it sound at once afterwards.
  if (!navigator.userActivation.hasBeenActive) return;
  try {
    audio ??= new AudioContext();
    void audio.resume();
    const now = audio.currentTime;
    for (const [i, frequency] of [659.3, 880].entries()) {
      const tone = audio.createOscillator();
      const gain = audio.createGain();
      const at = now + i * 0.11;
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(0.08, at + 0.015);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
      tone.connect(gain).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.34);
    }
  } catch {
    // No sound on this machine.
  }
}
