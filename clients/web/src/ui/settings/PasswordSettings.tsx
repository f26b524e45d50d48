import { Show, createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Field } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { FormError } from "../shared/FormError";
import { NewPasswordFields } from "../auth/NewPasswordFields";

export function PasswordSettings() {
  const chat = useChat();
  const [isMismatch, setMismatch] = createSignal(false);
  const [endedSessions, setEndedSessions] = createSignal<number>();
  let element!: HTMLFormElement;
  const form = createForm(async (data) => {
    setEndedSessions(undefined);
    const next = text(data, "new");
    setMismatch(next !== text(data, "again"));
    if (isMismatch()) return;
    setEndedSessions(await chat.api.changePassword(text(data, "old"), next));
    element.reset();
  });
  const errorText = () => {
    const failure = form.failure();
    // The same reason as at the door, but here the name is not in question.
    return failure instanceof Failure && failure.reason === "BAD_CREDENTIALS" ? t("WRONG_PASSWORD") : form.errorText();
  };
  return (
    <form ref={element} class="card settings-card" onSubmit={form.submit}>
      <input class="sr-only" type="text" name="username" autocomplete="username" value={chat.me().username} tabIndex={-1} readOnly aria-hidden="true" />
      <Field label={t("oldPassword")} name="old" type="password" autocomplete="current-password" required error={form.fieldError("old_password")} />
      <NewPasswordFields
        label={t("newPassword")}
        repeatLabel={t("newPasswordAgain")}
        name="new"
        error={form.fieldError("new_password")}
        isMismatch={isMismatch()}
      />
      <FormError text={errorText()} />
      <div class="form-foot">
        <button class="button button-primary" disabled={form.busy()}>
          {t("changePassword")}
        </button>
        <span role="status" class="saved">
          <Show when={endedSessions() !== undefined}>{endedSessions() ? t("passwordChanged", { count: endedSessions() ?? 0 }) : t("passwordChangedOnly")}</Show>
        </span>
      </div>
    </form>
  );
}
