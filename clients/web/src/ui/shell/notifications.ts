// Notifies of messages that are not on the screen: by a sound, and by a card on a focused page or else a system
// notification.

import { createEffect, createSignal, onCleanup, type Accessor } from "solid-js";

import type { Message } from "../../domain/types";
import type { Chat } from "../../stores/chat";
import { mentionsUser } from "../../stores/reading/unread";
import { prefs } from "../../stores/preferences/prefs";
import { withUserName, messagePreview } from "../room/message-preview";
import { navigate, roomPath, route } from "../shared/router";

/** How often a focused tab reports its focus; another tab may be the one that notifies. */
const FOCUS_REPORT_MS = 4_000;
/** Several messages within this time make one sound. */
const SOUND_INTERVAL_MS = 1_500;

/** How long a card is shown. */
const CARD_DURATION_MS = 6_000;

export interface NotificationContent {
  readonly message: Message;
  /** Who wrote it, and where. */
  readonly title: string;
}

/** Starts notifying. Returns the content of the card on the page. */
export function createNotifications(chat: Chat): Accessor<NotificationContent | undefined> {
  const [notification, setNotification] = createSignal<NotificationContent>();
  let soundedAt = 0;
  // Sent to the other tabs and not stored: frequent writes to the storage would
  // keep the browser from writing the outbox to the disk.
  const reportFocus = () => document.hasFocus() && chat.reportFocus(true);
  const reportBlur = () => chat.reportFocus(false);
  const timer = setInterval(reportFocus, FOCUS_REPORT_MS);
  reportFocus();
  window.addEventListener("focus", reportFocus);
  window.addEventListener("blur", reportBlur);
  onCleanup(() => {
    clearInterval(timer);
    window.removeEventListener("focus", reportFocus);
    window.removeEventListener("blur", reportBlur);
  });

  const isOpen = (roomId: string) => {
    const now = route();
    return now.page === "room" && now.roomId === roomId;
  };
  createEffect(() => {
    const it = notification();
    if (!it) return;
    if (isOpen(it.message.roomId)) return void setNotification(undefined);
    const timer = setTimeout(() => setNotification(undefined), CARD_DURATION_MS);
    onCleanup(() => clearTimeout(timer));
  });

  chat.onNotification((message) => {
    const { notify, sound } = prefs();
    const hasFocus = document.hasFocus();
    // Mentions count like direct messages.
    const isForUser = chat.peer(message.roomId) !== undefined || mentionsUser(message, chat.me().id);
    if (notify === "none" || (notify === "direct" && !isForUser)) return;
    // A focused tab notifies by itself; if none is focused, one of them does.
    if (hasFocus ? isOpen(message.roomId) : !chat.mayNotify(2 * FOCUS_REPORT_MS)) return;
    // On a focused page, the room list shows all other messages.
    if (!hasFocus || isForUser) {
      withUserName(chat, message.senderId, (name) => {
        const title = chat.peer(message.roomId) ? name : `${name} · ${chat.title(message.roomId)}`;
        if (hasFocus) setNotification({ message, title });
        else showSystemNotification(chat, message, title);
      });
    }
    if (sound && Date.now() - soundedAt > SOUND_INTERVAL_MS) chime();
    soundedAt = Date.now();
  });
  return notification;
}

function showSystemNotification(chat: Chat, message: Message, title: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const { roomId, seq } = message;
  const body = messagePreview(chat, message).slice(0, 200);
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
  // Before any user activity, browsers block sounds and would play them all at once later.
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
