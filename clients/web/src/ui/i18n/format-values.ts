// Times and numbers as the language writes them.

import { isolate, locale, t } from ".";
import { today } from "../shared/today";

type Style = "time" | "day" | "date" | "full" | "month" | "short";

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  time: { hour: "numeric", minute: "2-digit" },
  day: { weekday: "long", day: "numeric", month: "long" },
  date: { day: "numeric", month: "long", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "short" },
  short: { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
  month: { day: "numeric", month: "short" },
};

const YEARLESS: readonly Style[] = ["short", "month"];

const formats = new Map<string, Intl.DateTimeFormat>();

const isThisYear = (at: number) => new Date(at).getFullYear() === new Date(today()).getFullYear();

/** Days have their year where it is another one. */
export function formatTime(at: number, style: Style): string {
  const year = YEARLESS.includes(style) && !isThisYear(at);
  const key = `${locale()} ${style} ${year}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale(), year ? { ...STYLES[style], year: "numeric" } : STYLES[style]);
  formats.set(key, format);
  return format.format(at);
}

/** Today, yesterday, or the day, with its year if it is another one. */
export function formatDay(at: number): string {
  const ago = daysAgo(at);
  if (ago === 0) return t("today");
  if (ago === 1) return t("yesterday");
  return formatTime(at, isThisYear(at) ? "day" : "date");
}

/** As short as a list wants it: the time today, else the day. */
export function formatShort(at: number): string {
  return daysAgo(at) === 0 ? formatTime(at, "time") : formatTime(at, "month");
}

function daysAgo(at: number): number {
  // Days of 23 and 25 hours round to one.
  return Math.round((today() - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
}

export function formatCount({ count, more }: { count: number; more: boolean }): string {
  const number = new Intl.NumberFormat(locale()).format(count);
  return more ? `${number}+` : number;
}

/** For a text that counts: the number, or “999+”. */
export const countParam = (count: number, more = false): number | string => (more ? formatCount({ count, more }) : count);

/** “3 unread messages”. */
export const formatUnread = (unread: { count: number; more: boolean }): string =>
  t("unread", { count: countParam(unread.count, unread.more) });

/** “Ada, Bob and Eve”. */
export function formatList(words: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(words.map(isolate));
}
