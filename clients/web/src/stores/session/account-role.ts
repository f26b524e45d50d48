// What the user may do on the server. No event tells of a change, and the
// server looks it up with every call: so it is asked for where it shows.

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
