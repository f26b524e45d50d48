import type { App } from "../../state/app";
import { t } from "../i18n";
import { Field } from "../kit/Field";
import { createForm, text } from "../kit/form";
import { Problem } from "../kit/Problem";
import { AuthPage } from "./AuthPage";

export default function LoginPage(props: { app: App; notice: string | undefined }) {
  const form = createForm((data) =>
    props.app.login(text(data, "login").trim(), text(data, "password"), data.has("keep")),
  );
  return (
    <AuthPage
      title={t("signInTitle")}
      notice={props.notice}
      foot={
        <>
          {t("noAccount")} <a href="/register">{t("register")}</a>
        </>
      }
    >
      <form onSubmit={form.submit}>
        <Field
          label={t("login")}
          name="login"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          autofocus
          error={form.wrong("login")}
        />
        <Field
          label={t("password")}
          name="password"
          type="password"
          autocomplete="current-password"
          required
          error={form.wrong("password")}
        />
        <label class="check">
          <input type="checkbox" name="keep" checked />
          {t("keepSignedIn")}
        </label>
        <Problem text={form.problem()} />
        <button class="button button-primary button-wide" disabled={form.busy()}>
          {t("signIn")}
        </button>
      </form>
    </AuthPage>
  );
}
