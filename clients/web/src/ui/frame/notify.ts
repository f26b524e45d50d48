// Tells of messages while nobody looks at the page: a notification and a sound.

import { onCleanup } from "solid-js";

import type { Message } from "../../nouns";
import type { Chat } from "../../state/chat";
import { calls } from "../../state/model";
import { prefs } from "../../state/prefs";
import { named, said } from "../room/said";
import { navigate, roomPath } from "../router";

/** How often the tab that is looked at says so; the tab that tells may be another one. */
const BEAT_MS = 4_000;
/** Many messages at once are one sound. */
const QUIET_MS = 1_500;

export function notifyOfArrivals(chat: Chat): void {
  let soundedAt = 0;
  // To the other tabs only: what is written to the storage again and again
  // keeps the browser from writing the outbox to the disk.
  const beat = () => document.hasFocus() && chat.attend(true);
  const left = () => chat.attend(false);
  const timer = setInterval(beat, BEAT_MS);
  beat();
  window.addEventListener("focus", beat);
  window.addEventListener("blur", left);
  onCleanup(() => {
    clearInterval(timer);
    window.removeEventListener("focus", beat);
    window.removeEventListener("blur", left);
  });

  chat.onArrival((message) => {
    const { notify, sound } = prefs();
    const direct = chat.peer(message.roomId) !== undefined;
    const attentive = chat.attendedWithin(2 * BEAT_MS);
    // A mention is for the user as a direct message is.
    const mine = direct || calls(message, chat.me().id);
    if (attentive || notify === "none" || (notify === "direct" && !mine)) return;
    named(chat, message.senderId, (name) => show(chat, message, name));
    if (sound && Date.now() - soundedAt > QUIET_MS) chime();
    soundedAt = Date.now();
  });
}

function show(chat: Chat, message: Message, name: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const { roomId, seq } = message;
  const title = chat.peer(roomId) ? name : `${name} · ${chat.title(roomId)}`;
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
  try {
    audio ??= new AudioContext();
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
