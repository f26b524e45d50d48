import { For, Show } from "solid-js";

import { formatTime } from "../i18n/format-values";
import { formatDuration } from "../i18n/format-values.deferred";
import { t } from "../i18n";
import { Icon } from "./Icon";
import { createDeadline, isEndless } from "./deadline";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The longest that the server takes is a year and a day. */
const YEAR_MS = 365 * DAY_MS;

const CHOICES = [
  { count: 1, unit: "hour", ms: HOUR_MS },
  { count: 8, unit: "hour", ms: 8 * HOUR_MS },
  { count: 1, unit: "day", ms: DAY_MS },
  { count: 1, unit: "week", ms: 7 * DAY_MS },
] as const;

/** Until when someone may not write, in words. */
export const mutedUntilText = (until: number) =>
  isEndless(until) ? t("mutedIndefinitely") : t("mutedUntil", { time: formatTime(until, "full") });

/** Until when a room is silent, in words. */
export const roomMutedUntilText = (until: number) =>
  isEndless(until) ? t("roomMutedIndefinitely") : t("roomMutedUntil", { time: formatTime(until, "full") });

/** For how long to mute; or until when it is, and the way out. */
export function MuteChoices(props: { legend: string; note: string; end: string; until: number; onMute: (ms: number) => void }) {
  const muted = createDeadline(() => props.until);
  return (
    <fieldset class="mute-choices">
      <legend>{props.legend}</legend>
      <Show when={muted()}>
        <p class="mute-now">
          <Icon name="mute" />
          <span class="grow">{props.note}</span>
          <button type="button" class="button" onClick={() => props.onMute(0)}>
            {props.end}
          </button>
        </p>
      </Show>
      <div class="mute-times">
        <For each={CHOICES}>
          {({ count, unit, ms }) => (
            <button type="button" class="button" onClick={() => props.onMute(ms)}>
              {formatDuration(count, unit)}
            </button>
          )}
        </For>
        <button type="button" class="button" onClick={() => props.onMute(YEAR_MS)}>
          {t("untilUnmuted")}
        </button>
      </div>
    </fieldset>
  );
}
