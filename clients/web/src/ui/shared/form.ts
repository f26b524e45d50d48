// State of a form: one submit at a time, and the errors that the server returned.

import { createSignal } from "solid-js";

import { Failure, fieldReason } from "../../domain/failure";
import { formatWait } from "../i18n/format-values.deferred";
import { explain, refusal, t } from "../i18n";

/** The field of each reason that says that a value is taken. */
const TAKEN: Partial<Record<string, string>> = { USERNAME_TAKEN: "username" };

export function createForm(work: (data: FormData) => Promise<void>) {
  const [busy, setBusy] = createSignal(false);
  const [failure, setFailure] = createSignal<unknown>();
  /** The fields that show their own errors. */
  const fields = new Set<string>();

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy()) return;
    const element = event.currentTarget as HTMLFormElement;
    setBusy(true);
    setFailure(undefined);
    try {
      await work(new FormData(element));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
    // On a phone the field may be out of view.
    element.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }

  const violations = () => {
    const error = failure();
    if (!(error instanceof Failure)) return [];
    const takenField = TAKEN[error.reason];
    if (takenField) return [{ field: takenField, text: explain(error) }];
    return error.violations.map(({ field, description }) => ({ field, text: refusal(fieldReason(field)) ?? description }));
  };

  return {
    busy,
    submit,
    failure,
    /** The error of one field. */
    fieldError(field: string): string | undefined {
      fields.add(field);
      return violations().find((violation) => violation.field === field)?.text;
    },
    /** The error of the whole form, if no field shows it. */
    errorText(): string | undefined {
      const error = failure();
      if (!error || violations().some(({ field }) => fields.has(field))) return undefined;
      const wait = error instanceof Failure && error.reason === "RATE_LIMITED" ? error.retryAfterMs : undefined;
      return wait === undefined ? explain(error) : t("tooManyAttempts", { time: formatWait(wait) });
    },
  };
}

export function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}
