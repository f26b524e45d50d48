// Calls of the server's admins.

import { createClient, type Transport } from "@connectrpc/connect";

import { AdminService, type Account as WireAccount } from "../gen/causerie/v1/admin_pb";
import { AccountRole as WireRole } from "../gen/causerie/v1/users_pb";
import type * as nouns from "../nouns";
import * as convert from "./convert";
import { failureFrom, raise } from "./failures";

export function adminApi(transport: Transport) {
  const admin = createClient(AdminService, transport);
  return {
    /** Of one role, or of any. */
    async listAccounts(query: string, role: nouns.AccountRole | "", pageToken: string): Promise<nouns.Part<nouns.Account>> {
      const wireRole = role ? WIRE_ROLE[role] : WireRole.UNSPECIFIED;
      const page = await admin.listUsers({ query, role: wireRole, pageToken, pageSize: 20 }).catch(raise);
      return { items: page.accounts.map(account), next: page.nextPageToken };
    },
    async setAccountRole(userId: string, role: nouns.AccountRole): Promise<nouns.Account> {
      const answer = await admin.setUserRole({ userId, role: WIRE_ROLE[role] }).catch(raise);
      if (!answer.account) throw failureFrom(new Error("the answer carries no account"));
      return account(answer.account);
    },
  };
}

const WIRE_ROLE: Record<nouns.AccountRole, WireRole> = {
  user: WireRole.USER,
  moderator: WireRole.MODERATOR,
  admin: WireRole.ADMIN,
};

export function accountRole(wire: WireRole): nouns.AccountRole {
  if (wire === WireRole.ADMIN) return "admin";
  return wire === WireRole.MODERATOR ? "moderator" : "user";
}

function account({ user, role, lastUsedAt }: WireAccount): nouns.Account {
  return { user: convert.user(user), role: accountRole(role), lastUsedAt: convert.millis(lastUsedAt) };
}
