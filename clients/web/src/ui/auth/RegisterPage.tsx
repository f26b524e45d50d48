import { Match, Switch, onMount } from "solid-js";

import type { AppContext } from "../../stores/session/app-context";
import { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { AuthPage } from "./AuthPage";
import { RegisterForm } from "./RegisterForm";
import { invitedWith } from "./return-path";
import { noticeFor } from "./sign-in-notice";

/** Where accounts are made, by whom the server lets. */
export default function RegisterPage(props: { app: AppContext; ended: boolean }) {
  const door = createSignIn(props.app);
  onMount(() => void door.loadPolicy());
  return (
    <AuthPage
      title={t(door.policy() === "closed" ? "signUpClosedTitle" : "registerTitle")}
      notice={noticeFor(props.ended, door.policy())}
      foot={
        <>
          {t("haveAccount")} <a href="/login">{t("signIn")}</a>
        </>
      }
    >
      <Switch>
        <Match when={door.policy() === "closed"}>
          <p>{t("signUpClosedHint")}</p>
        </Match>
        <Match when={door.policy() === "invite" && !invitedWith()}>
          <p>{t("signUpByInvite")}</p>
        </Match>
        <Match when={door.policy()}>
          <RegisterForm door={door} />
        </Match>
      </Switch>
    </AuthPage>
  );
}
