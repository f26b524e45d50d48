import { Show, createSignal } from "solid-js";

import type { AppContext } from "../../stores/session/app-context";
import { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { createForm, text } from "../shared/form";
import { FormError } from "../shared/FormError";
import { recoveryToken } from "../shared/router";
import { AuthPage } from "./AuthPage";
import { NewPasswordFields } from "./NewPasswordFields";

/** The page of a recovery link: sets a new password and signs in. */
export default function RecoverPage(props: { app: AppContext }) {
  const signIn = createSignIn(props.app);
  const [isMismatch, setMismatch] = createSignal(false);
  const form = createForm(async (data) => {
    const password = text(data, "password");
    setMismatch(password !== text(data, "again"));
    if (!isMismatch()) await signIn.recover(recoveryToken(), password, data.has("keep"));
  });
  return (
    <AuthPage title={t("recoverTitle")} foot={<a href="/login">{t("backToSignIn")}</a>}>
      <Show when={recoveryToken()} fallback={<p>{t("recoverIncomplete")}</p>}>
        <form onSubmit={form.submit}>
          <p class="muted">{t("recoverHint")}</p>
          <NewPasswordFields
            label={t("newPassword")}
            repeatLabel={t("newPasswordAgain")}
            name="password"
            error={form.fieldError("new_password") && t("INVALID_password")}
            isMismatch={isMismatch()}
            autofocus
          />
          <label class="check">
            <input type="checkbox" name="keep" checked />
            {t("keepSignedIn")}
          </label>
          <FormError text={form.fieldError("token") ?? form.errorText()} />
          <button class="button button-primary button-wide" disabled={form.busy()}>
            {t("setPassword")}
          </button>
        </form>
      </Show>
    </AuthPage>
  );
}
