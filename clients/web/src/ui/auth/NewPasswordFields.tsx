import { createSignal } from "solid-js";

import { t } from "../i18n";
import { Field } from "../shared/Field";
import { text } from "../shared/form";

const LEAST = 8;

/** A password to be chosen, twice; says while it is written what can be said of it here. The form names the user, too. */
export function NewPassword(props: {
  label: string;
  again: string;
  name: string;
  error: string | undefined;
  differ: boolean;
  autofocus?: boolean;
}) {
  const [hint, setHint] = createSignal<string>();
  function judge({ value, form }: HTMLInputElement): void {
    const username = form ? text(new FormData(form), "username").trim().toLowerCase() : "";
    const { length } = [...value];
    if (!length) setHint(undefined);
    else if (length < LEAST) setHint(t("passwordShort", { length }));
    else if (username && value.toLowerCase().replaceAll(username, "").length < LEAST / 2) setHint(t("passwordIsName"));
    else setHint(t("passwordFine"));
  }
  return (
    <>
      <Field
        label={props.label}
        name={props.name}
        type="password"
        hint={hint() ?? t("passwordHint")}
        autocomplete="new-password"
        minLength={LEAST}
        maxLength={256}
        required
        autofocus={props.autofocus}
        onInput={(event) => judge(event.currentTarget)}
        error={props.error}
      />
      <Field
        label={props.again}
        name="again"
        type="password"
        autocomplete="new-password"
        required
        error={props.differ ? t("passwordsDiffer") : undefined}
      />
    </>
  );
}
