import { createSignal, onMount } from "solid-js";

import { Failure } from "../../domain/failure";
import type { createSignIn } from "../../stores/session/sign-in";
import { t } from "../i18n";
import { Field } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { FormError } from "../shared/FormError";
import { NewPasswordFields } from "./NewPasswordFields";
import { acceptedInvite, pendingInviteCode, saveReturnPath } from "./return-path";

/** Reasons that concern the invite, and not the account. */
const INVITE_REASONS = ["INVITE_NOT_FOUND", "INVITE_EXPIRED", "ROOM_ARCHIVED", "INVALID_invite_code"];

export function RegisterForm(props: { signIn: ReturnType<typeof createSignIn> }) {
  let first!: HTMLFormElement;
  // The form may be rendered after the page.
  onMount(() => first.querySelector<HTMLElement>("[autofocus]")?.focus());
  const [isMismatch, setMismatch] = createSignal(false);
  const form = createForm(async (data) => {
    const password = text(data, "password");
    setMismatch(password !== text(data, "again"));
    if (isMismatch()) return;
    const inviteCode = pendingInviteCode();
    acceptedInvite.code = inviteCode;
    try {
      await props.signIn.register({
        username: text(data, "username").trim(),
        displayName: text(data, "displayName").trim(),
        email: text(data, "email").trim(),
        password,
        inviteCode,
      });
    } catch (error) {
      acceptedInvite.code = "";
      if (isInviteError(error) && isInviteOptional()) saveReturnPath("/", "");
      // It may have changed meanwhile.
      else void props.signIn.loadPolicy();
      throw error;
    }
  });
  const isInviteOptional = () => props.signIn.policy() === "open";
  const errorText = () => (isInviteError(form.failure()) && isInviteOptional() ? t("inviteInvalid") : form.errorText());
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
        error={form.fieldError("username")}
      />
      <Field
        label={t("displayName")}
        name="displayName"
        hint={t("displayNameHint")}
        autocomplete="name"
        maxLength={64}
        optional
        error={form.fieldError("display_name")}
      />
      <Field
        label={t("email")}
        name="email"
        type="email"
        hint={t("emailHint")}
        autocomplete="email"
        maxLength={254}
        optional
        error={form.fieldError("email")}
      />
      <NewPasswordFields
        label={t("password")}
        repeatLabel={t("passwordAgain")}
        name="password"
        error={form.fieldError("password")}
        isMismatch={isMismatch()}
      />
      <FormError text={errorText()} />
      <button class="button button-primary button-wide" disabled={form.busy()}>
        {t("register")}
      </button>
    </form>
  );
}

const isInviteError = (error: unknown): boolean => error instanceof Failure && INVITE_REASONS.includes(error.textKey);
