import { Show, createSignal } from "solid-js";

import type { AppContext } from "../../stores/session/app-context";
import { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { createForm, text } from "../shared/form";
import { Problem } from "../shared/FormError";
import { recoveryToken } from "../shared/router";
import { AuthPage } from "./AuthPage";
import { NewPassword } from "./NewPasswordFields";

/** Where a recovery link leads: a new password, and with it into the account. */
export default function RecoverPage(props: { app: AppContext }) {
  const door = createSignIn(props.app);
  const [differ, setDiffer] = createSignal(false);
  const form = createForm(async (data) => {
    const password = text(data, "password");
    setDiffer(password !== text(data, "again"));
    if (!differ()) await door.recover(recoveryToken(), password, data.has("keep"));
  });
  return (
    <AuthPage title={t("recoverTitle")} foot={<a href="/login">{t("toSignIn")}</a>}>
      <Show when={recoveryToken()} fallback={<p>{t("recoverNoToken")}</p>}>
        <form onSubmit={form.submit}>
          <p class="muted">{t("recoverHint")}</p>
          <NewPassword
            label={t("newPassword")}
            again={t("newPasswordAgain")}
            name="password"
            error={form.wrong("new_password") && t("INVALID_password")}
            differ={differ()}
            autofocus
          />
          <label class="check">
            <input type="checkbox" name="keep" checked />
            {t("keepSignedIn")}
          </label>
          <Problem text={form.wrong("token") ?? form.problem()} />
          <button class="button button-primary button-wide" disabled={form.busy()}>
            {t("setPassword")}
          </button>
        </form>
      </Show>
    </AuthPage>
  );
}
