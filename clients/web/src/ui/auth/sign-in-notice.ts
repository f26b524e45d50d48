import type { SignUpPolicy } from "../../domain/types";
import { t } from "../i18n";
import { pendingInviteCode } from "./return-path";

/** What to know at the door: that the session has ended, or that an invitation waits behind it. */
export function noticeFor(ended: boolean, policy: SignUpPolicy | undefined): string | undefined {
  if (ended) return t("signedOut");
  if (!pendingInviteCode()) return undefined;
  return t(policy === "closed" ? "invitedSignIn" : "invitedSignUp");
}
