// Times and sizes that no first visit shows, as the language writes them.

import { locale } from ".";

/** “8 hours”. */
export function formatDuration(count: number, unit: "second" | "minute" | "hour" | "day" | "week"): string {
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** For how long to wait, rounded up: “45 seconds”, “3 minutes”. */
export function formatWait(ms: number): string {
  const seconds = Math.max(Math.ceil(ms / 1000), 1);
  return seconds < 60 ? formatDuration(seconds, "second") : formatDuration(Math.ceil(seconds / 60), "minute");
}

/** “1 week ago”. */
export function formatAgo(unit: "week" | "month" | "year"): string {
  return new Intl.RelativeTimeFormat(locale()).format(-1, unit);
}

/** A size as people say it. */
export function formatBytes(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const at = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  // “10 byte” is what short names are in English.
  const style = { style: "unit", unit: units[at] ?? "byte", unitDisplay: at ? "short" : "long", maximumFractionDigits: at ? 1 : 0 } as const;
  return new Intl.NumberFormat(locale(), style).format(bytes / 1000 ** at);
}
