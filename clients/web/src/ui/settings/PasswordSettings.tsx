import { Show, createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Field } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { Problem } from "../shared/FormError";
import { NewPassword } from "../auth/NewPasswordFields";

export function PasswordSettings() {
  const chat = useChat();
  const [differ, setDiffer] = createSignal(false);
  const [ended, setEnded] = createSignal<number>();
  let element!: HTMLFormElement;
  const form = createForm(async (data) => {
    setEnded(undefined);
    const next = text(data, "new");
    setDiffer(next !== text(data, "again"));
    if (differ()) return;
    setEnded(await chat.api.changePassword(text(data, "old"), next));
    element.reset();
  });
  const problem = () => {
    const failure = form.failure();
    // The same reason as at the door, but here the name is not in question.
    return failure instanceof Failure && failure.reason === "BAD_CREDENTIALS" ? t("WRONG_PASSWORD") : form.problem();
  };
  return (
    <form ref={element} class="card settings-card" onSubmit={form.submit}>
      <input class="sr-only" type="text" name="username" autocomplete="username" value={chat.me().username} tabIndex={-1} readOnly aria-hidden="true" />
      <Field label={t("oldPassword")} name="old" type="password" autocomplete="current-password" required error={form.wrong("old_password")} />
      <NewPassword
        label={t("newPassword")}
        again={t("newPasswordAgain")}
        name="new"
        error={form.wrong("new_password")}
        differ={differ()}
      />
      <Problem text={problem()} />
      <div class="form-foot">
        <button class="button button-primary" disabled={form.busy()}>
          {t("changePassword")}
        </button>
        <span role="status" class="saved">
          <Show when={ended() !== undefined}>{ended() ? t("passwordChanged", { count: ended() ?? 0 }) : t("passwordChangedOnly")}</Show>
        </span>
      </div>
    </form>
  );
}
