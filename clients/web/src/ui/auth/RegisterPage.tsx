import { createSignal } from "solid-js";

import type { App } from "../../state/app";
import { t } from "../i18n";
import { Field } from "../kit/Field";
import { createForm, text } from "../kit/form";
import { Problem } from "../kit/Problem";
import { AuthPage } from "./AuthPage";
import { NewPassword } from "./NewPassword";

export default function RegisterPage(props: { app: App; notice: string | undefined }) {
  const [differ, setDiffer] = createSignal(false);
  const form = createForm(async (data) => {
    const password = text(data, "password");
    setDiffer(password !== text(data, "again"));
    if (differ()) return;
    await props.app.register({
      username: text(data, "username").trim(),
      displayName: text(data, "displayName").trim(),
      email: text(data, "email").trim(),
      password,
    });
  });
  return (
    <AuthPage
      title={t("registerTitle")}
      notice={props.notice}
      foot={
        <>
          {t("haveAccount")} <a href="/login">{t("signIn")}</a>
        </>
      }
    >
      <form onSubmit={form.submit}>
        <Field
          label={t("username")}
          name="username"
          hint={t("usernameHint")}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          minLength={3}
          maxLength={32}
          required
          autofocus
          error={form.wrong("username")}
        />
        <Field
          label={t("displayName")}
          name="displayName"
          hint={t("displayNameHint")}
          autocomplete="name"
          maxLength={64}
          optional
          error={form.wrong("display_name")}
        />
        <Field
          label={t("email")}
          name="email"
          type="email"
          autocomplete="email"
          maxLength={254}
          optional
          error={form.wrong("email")}
        />
        <NewPassword
          label={t("password")}
          again={t("passwordAgain")}
          name="password"
          error={form.wrong("password")}
          differ={differ()}
        />
        <Problem text={form.problem()} />
        <button class="button button-primary button-wide" disabled={form.busy()}>
          {t("register")}
        </button>
      </form>
    </AuthPage>
  );
}
