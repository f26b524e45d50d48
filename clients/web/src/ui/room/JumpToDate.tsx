import { For } from "solid-js";

import { formatAgo } from "../i18n/format-values.deferred";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";
import { text } from "../shared/form";

/** Asks for a day of the room's history. */
export default function JumpToDate(props: { at: number; onJump: (at: number) => void; onClose: () => void }) {
  function go(to: number): void {
    props.onClose();
    props.onJump(to);
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    // Without a zone it is the reader's own midnight.
    const at = Date.parse(`${text(new FormData(event.currentTarget as HTMLFormElement), "date")}T00:00`);
    if (!Number.isNaN(at)) go(at);
  }

  return (
    <Dialog title={t("jumpToDate")} onClose={props.onClose}>
      <form class="jump-date" onSubmit={submit}>
        <Field
          label={t("date")}
          type="date"
          name="date"
          required
          autofocus
          max={dayOf(Date.now())}
          value={dayOf(props.at)}
        />
        <div class="chips">
          <For each={["week", "month", "year"] as const}>
            {(unit) => (
              <button type="button" class="chip" onClick={() => go(ago(unit))}>
                {formatAgo(unit)}
              </button>
            )}
          </For>
          <button type="button" class="chip" onClick={() => go(0)}>
            {t("historyStart")}
          </button>
        </div>
        <div class="dialog-foot">
          <button type="button" class="button" onClick={() => props.onClose()}>
            {t("cancel")}
          </button>
          <button class="button button-primary">{t("jump")}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** The reader's day, as a date field wants it. */
function dayOf(at: number): string {
  const day = new Date(at);
  const digits = (value: number, count = 2) => String(value).padStart(count, "0");
  return `${digits(day.getFullYear(), 4)}-${digits(day.getMonth() + 1)}-${digits(day.getDate())}`;
}

/** The reader's midnight, so long ago. */
function ago(unit: "week" | "month" | "year"): number {
  const day = new Date(new Date().setHours(0, 0, 0, 0));
  if (unit === "week") day.setDate(day.getDate() - 7);
  else if (unit === "month") day.setMonth(day.getMonth() - 1);
  else day.setFullYear(day.getFullYear() - 1);
  return day.getTime();
}
