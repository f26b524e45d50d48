import type { SignUpPolicy } from "../../domain/types";
import { t } from "../i18n";
import { pendingInviteCode } from "./return-path";

/** The notice on sign-in pages: the session has ended, or an invite waits. */
export function noticeFor(ended: boolean, policy: SignUpPolicy | undefined): string | undefined {
  if (ended) return t("signedOut");
  if (!pendingInviteCode()) return undefined;
  return t(policy === "closed" ? "invitedSignIn" : "invitedSignUp");
}
