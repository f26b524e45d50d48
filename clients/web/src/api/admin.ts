// Calls of the server's admins.

import { createClient, type Transport } from "@connectrpc/connect";

import { AdminService, type Account as WireAccount, type ServerSettings as WireSettings } from "../gen/causerie/v1/admin_pb";
import { SignUpPolicy as WirePolicy } from "../gen/causerie/v1/auth_pb";
import { AccountRole as WireRole } from "../gen/causerie/v1/users_pb";
import type * as domain from "../domain/types";
import * as convert from "./convert";
import { failureFrom, raise } from "./failures";

export function adminApi(transport: Transport) {
  const admin = createClient(AdminService, transport);
  return {
    /** Of one role, or of any. */
    async listAccounts(query: string, role: domain.AccountRole | "", pageToken: string): Promise<domain.ListPage<domain.Account>> {
      const wireRole = role ? WIRE_ROLE[role] : WireRole.UNSPECIFIED;
      const page = await admin.listUsers({ query, role: wireRole, pageToken, pageSize: 20 }).catch(raise);
      return { items: page.accounts.map(account), next: page.nextPageToken };
    },
    async setAccountRole(userId: string, role: domain.AccountRole): Promise<domain.Account> {
      return one(await admin.setUserRole({ userId, role: WIRE_ROLE[role] }).catch(raise));
    },
    /** Ends its sessions and keeps it from signing in, or lets it sign in again. */
    async suspendAccount(userId: string, suspended: boolean): Promise<domain.Account> {
      return one(await (suspended ? admin.suspendUser({ userId }) : admin.restoreUser({ userId })).catch(raise));
    },
    async createRecoveryLink(userId: string): Promise<domain.RecoveryLink> {
      const { path, expiresAt } = await admin.createRecoveryLink({ userId }).catch(raise);
      return { path, expiresAt: convert.millis(expiresAt) };
    },
    async getServerSettings(): Promise<domain.ServerSettings> {
      return settings(await admin.getServerSettings({}).catch(raise));
    },
    async setSignUpPolicy(policy: domain.SignUpPolicy): Promise<domain.ServerSettings> {
      return settings(await admin.updateServerSettings({ signUpPolicy: WIRE_POLICY[policy] }).catch(raise));
    },
  };
}

const WIRE_ROLE: Record<domain.AccountRole, WireRole> = {
  user: WireRole.USER,
  moderator: WireRole.MODERATOR,
  admin: WireRole.ADMIN,
};

const WIRE_POLICY: Record<domain.SignUpPolicy, WirePolicy> = {
  open: WirePolicy.OPEN,
  invite: WirePolicy.INVITE,
  closed: WirePolicy.CLOSED,
};

const POLICIES = ["open", "invite", "closed"] as const;

export function accountRole(wire: WireRole): domain.AccountRole {
  if (wire === WireRole.ADMIN) return "admin";
  return wire === WireRole.MODERATOR ? "moderator" : "user";
}

function account({ user, role, lastUsedAt, suspendedAt }: WireAccount): domain.Account {
  return {
    user: convert.user(user),
    role: accountRole(role),
    lastUsedAt: convert.millis(lastUsedAt),
    suspendedAt: convert.millis(suspendedAt),
  };
}

function one(answer: { readonly account?: WireAccount | undefined }): domain.Account {
  if (!answer.account) throw failureFrom(new Error("the answer carries no account"));
  return account(answer.account);
}

function settings(answer: { readonly settings?: WireSettings | undefined }): domain.ServerSettings {
  const wire = answer.settings?.signUpPolicy;
  return { signUpPolicy: POLICIES.find((it) => WIRE_POLICY[it] === wire) ?? "open" };
}
