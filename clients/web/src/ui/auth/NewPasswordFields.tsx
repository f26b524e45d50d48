import { createSignal } from "solid-js";

import { t } from "../i18n";
import { Field } from "../shared/Field";
import { text } from "../shared/form";

const MIN_PASSWORD_CHARACTERS = 8;

/** The fields of a new password, twice, with a hint while it is typed. The form must have a username field. */
export function NewPasswordFields(props: {
  label: string;
  repeatLabel: string;
  name: string;
  error: string | undefined;
  isMismatch: boolean;
  autofocus?: boolean;
}) {
  const [hint, setHint] = createSignal<string>();
  function updateHint({ value, form }: HTMLInputElement): void {
    const username = form ? text(new FormData(form), "username").trim().toLowerCase() : "";
    const { length } = [...value];
    if (!length) setHint(undefined);
    else if (length < MIN_PASSWORD_CHARACTERS) setHint(t("passwordTooShort", { length }));
    else if (username && value.toLowerCase().replaceAll(username, "").length < MIN_PASSWORD_CHARACTERS / 2) setHint(t("passwordLikeUsername"));
    else setHint(t("passwordLongEnough"));
  }
  return (
    <>
      <Field
        label={props.label}
        name={props.name}
        type="password"
        hint={hint() ?? t("passwordHint")}
        autocomplete="new-password"
        minLength={MIN_PASSWORD_CHARACTERS}
        maxLength={256}
        required
        autofocus={props.autofocus}
        onInput={(event) => updateHint(event.currentTarget)}
        error={props.error}
      />
      <Field
        label={props.repeatLabel}
        name="again"
        type="password"
        autocomplete="new-password"
        required
        error={props.isMismatch ? t("passwordsDiffer") : undefined}
      />
    </>
  );
}
