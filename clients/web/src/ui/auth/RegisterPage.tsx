import { Match, Switch, onMount } from "solid-js";

import type { AppContext } from "../../stores/session/app-context";
import { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { AuthPage } from "./AuthPage";
import { RegisterForm } from "./RegisterForm";
import { pendingInviteCode } from "./return-path";
import { noticeFor } from "./sign-in-notice";

/** Creates an account, if the server's policy allows it. */
export default function RegisterPage(props: { app: AppContext; ended: boolean }) {
  const signIn = createSignIn(props.app);
  onMount(() => void signIn.loadPolicy());
  return (
    <AuthPage
      title={t(signIn.policy() === "closed" ? "signUpClosedTitle" : "registerTitle")}
      notice={noticeFor(props.ended, signIn.policy())}
      foot={
        <>
          {t("signInPrompt")} <a href="/login">{t("signIn")}</a>
        </>
      }
    >
      <Switch>
        <Match when={signIn.policy() === "closed"}>
          <p>{t("signUpClosedHint")}</p>
        </Match>
        <Match when={signIn.policy() === "invite" && !pendingInviteCode()}>
          <p>{t("signUpInviteNeeded")}</p>
        </Match>
        <Match when={signIn.policy()}>
          <RegisterForm signIn={signIn} />
        </Match>
      </Switch>
    </AuthPage>
  );
}
