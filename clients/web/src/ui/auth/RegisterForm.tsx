import { createSignal, onMount } from "solid-js";

import { Failure } from "../../domain/failure";
import type { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { Field } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { Problem } from "../shared/FormError";
import { NewPassword } from "./NewPasswordFields";
import { accepted, invitedWith, keepGoal } from "./return-path";

/** What is wrong with the invite, and not with the account. */
const OF_INVITE = ["INVITE_NOT_FOUND", "INVITE_EXPIRED", "ROOM_ARCHIVED", "INVALID_invite_code"];

export function RegisterForm(props: { door: ReturnType<typeof createSignIn> }) {
  let first!: HTMLFormElement;
  // It may come after the page.
  onMount(() => first.querySelector<HTMLElement>("[autofocus]")?.focus());
  const [differ, setDiffer] = createSignal(false);
  const form = createForm(async (data) => {
    const password = text(data, "password");
    setDiffer(password !== text(data, "again"));
    if (differ()) return;
    const inviteCode = invitedWith();
    accepted.code = inviteCode;
    try {
      await props.door.register({
        username: text(data, "username").trim(),
        displayName: text(data, "displayName").trim(),
        email: text(data, "email").trim(),
        password,
        inviteCode,
      });
    } catch (error) {
      accepted.code = "";
      if (isOfInvite(error) && goesWithout()) keepGoal("/", "");
      // It may have changed meanwhile.
      else void props.door.loadPolicy();
      throw error;
    }
  });
  const goesWithout = () => props.door.policy() === "open";
  const problem = () => (isOfInvite(form.failure()) && goesWithout() ? t("withoutInvite") : form.problem());
  return (
    <form ref={first} onSubmit={form.submit}>
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
        hint={t("emailHint")}
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
      <Problem text={problem()} />
      <button class="button button-primary button-wide" disabled={form.busy()}>
        {t("register")}
      </button>
    </form>
  );
}

const isOfInvite = (error: unknown): boolean => error instanceof Failure && OF_INVITE.includes(error.textKey);
