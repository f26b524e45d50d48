import { Show, onMount } from "solid-js";

import type { AppContext } from "../../stores/session/app-context";
import { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { Field } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { FormError } from "../shared/FormError";
import { AuthPage } from "./AuthPage";
import { noticeFor } from "./sign-in-notice";

export default function LoginPage(props: { app: AppContext; ended: boolean }) {
  const signIn = createSignIn(props.app);
  onMount(() => void signIn.loadPolicy());
  const form = createForm((data) => signIn.login(text(data, "login").trim(), text(data, "password"), data.has("keep")));
  return (
    <AuthPage
      title={t("signInTitle")}
      notice={noticeFor(props.ended, signIn.policy())}
      foot={
        <Show when={signIn.policy() && signIn.policy() !== "closed"}>
          {t("signUpPrompt")} <a href="/register">{t("register")}</a>
        </Show>
      }
    >
      <form onSubmit={form.submit}>
        <Field
          label={t("username")}
          name="login"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          autofocus
          error={form.fieldError("login")}
        />
        <Field
          label={t("password")}
          name="password"
          type="password"
          autocomplete="current-password"
          required
          error={form.fieldError("password")}
        />
        <label class="check">
          <input type="checkbox" name="keep" checked />
          {t("keepSignedIn")}
        </label>
        <FormError text={form.errorText()} />
        <button class="button button-primary button-wide" disabled={form.busy()}>
          {t("signIn")}
        </button>
      </form>
    </AuthPage>
  );
}
