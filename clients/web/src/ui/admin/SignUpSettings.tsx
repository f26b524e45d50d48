import { createSignal, onMount } from "solid-js";

import type { SignUpPolicy } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { attempt, toast } from "../shared/toast";
import { Choices } from "../settings/Choices";

/** Who may make an account. Nothing is chosen until the server has said what holds. */
export function SignUpSettings() {
  const chat = useChat();
  const [policy, setPolicy] = createSignal<SignUpPolicy>();
  onMount(() => chat.api.getServerSettings().then((it) => setPolicy(it.signUpPolicy), () => undefined));
  async function choose(next: SignUpPolicy): Promise<void> {
    const set = chat.api.setSignUpPolicy(next).then((it) => setPolicy(it.signUpPolicy));
    if (await attempt(set)) toast(t("saved"));
  }
  return (
    <div class="card settings-card sign-up-settings">
      <Choices
        legend={t("signUpPolicy")}
        name="signUp"
        value={policy()}
        choices={[
          { value: "open", label: t("signUpOpen") },
          { value: "invite", label: t("signUpByInviteLink"), hint: t("signUpByInviteLinkHint") },
          { value: "closed", label: t("signUpClosed") },
        ]}
        onChange={choose}
      />
    </div>
  );
}
