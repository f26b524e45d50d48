import { t } from "../i18n";
import { Field } from "../kit/Field";

/** A password to be chosen, twice. */
export function NewPassword(props: {
  label: string;
  again: string;
  name: string;
  error: string | undefined;
  differ: boolean;
}) {
  return (
    <>
      <Field
        label={props.label}
        name={props.name}
        type="password"
        hint={t("passwordHint")}
        autocomplete="new-password"
        minLength={8}
        maxLength={256}
        required
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
