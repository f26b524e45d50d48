// The user's role on the server. No event reports a change, and the server checks
// the role with every call, so it is loaded wherever it matters.

import { createSignal } from "solid-js";

import type { Api } from "../../api/calls";
import type { AccountRole } from "../../domain/types";

export function createAccountRole(api: Pick<Api, "getMe">) {
  const [role, setRole] = createSignal<AccountRole>("user");
  return {
    role,
    loadRole: () => void api.getMe().then((me) => setRole(me.role), () => undefined),
  };
}
