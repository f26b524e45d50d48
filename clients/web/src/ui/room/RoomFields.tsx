import type { JSX } from "solid-js";

import { t } from "../i18n";
import { Field } from "../shared/Field";
import type { createForm } from "../shared/form";
import { FormError } from "../shared/FormError";

/** Name and topic, for a new room and for one that changes. */
export function RoomFields(props: {
  form: ReturnType<typeof createForm>;
  name?: string;
  topic?: string;
  submit: string;
  /** Above the name. */
  head?: JSX.Element;
  children?: JSX.Element;
  onCancel: () => void;
}) {
  return (
    <form onSubmit={props.form.submit}>
      {props.head}
      <Field
        label={t("roomName")}
        name="name"
        value={props.name ?? ""}
        dir="auto"
        maxLength={64}
        required
        autofocus
        autocomplete="off"
        error={props.form.fieldError("name")}
      />
      <Field
        label={t("roomTopic")}
        name="topic"
        value={props.topic ?? ""}
        hint={t("roomTopicHint")}
        dir="auto"
        maxLength={250}
        optional
        autocomplete="off"
        error={props.form.fieldError("topic")}
      />
      {props.children}
      <FormError text={props.form.errorText()} />
      <div class="dialog-foot">
        <button type="button" class="button" onClick={() => props.onCancel()}>
          {t("cancel")}
        </button>
        <button class="button button-primary" disabled={props.form.busy()}>
          {props.submit}
        </button>
      </div>
    </form>
  );
}
