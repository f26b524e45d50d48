// Calls whose code comes with the first of them.

import { Failure } from "../domain/failure";
import type { ManageApi } from "./manage";

/** All of them: the compiler says which one is missing. */
export const MANAGE_CALLS: Record<keyof ManageApi, true> = {
  changePassword: true,
  listSessions: true,
  revokeSession: true,
  revokeOtherSessions: true,
  searchUsers: true,
  getUsers: true,
  listBlockedUsers: true,
  blockUser: true,
  unblockUser: true,
  getMe: true,
  setReadReceipts: true,
  getUser: true,
  updateProfile: true,
  createRoom: true,
  openDirectRoom: true,
  listRooms: true,
  archiveRoom: true,
  getRoom: true,
  browseRooms: true,
  updateRoom: true,
  joinRoom: true,
  leaveRoom: true,
  listMembers: true,
  updateRoomPreferences: true,
  createInvite: true,
  listInvites: true,
  revokeInvite: true,
  getInvite: true,
  redeemInvite: true,
  addMembers: true,
  removeMember: true,
  banMember: true,
  unbanMember: true,
  listBans: true,
  muteMember: true,
  setMemberRole: true,
  markUnread: true,
  getMessage: true,
  markDelivered: true,
  setTyping: true,
  renewToken: true,
  syncRoom: true,
  choosePresence: true,
  setIdle: true,
  editMessage: true,
  deleteMessage: true,
  react: true,
  listReactions: true,
  pin: true,
  listPins: true,
  listThread: true,
  markThreadRead: true,
  listReceipts: true,
  listVersions: true,
  listMentions: true,
  searchMessages: true,
  listAccounts: true,
  setAccountRole: true,
  suspendAccount: true,
  createRecoveryLink: true,
  getServerSettings: true,
  setSignUpPolicy: true,
};

/** Code that cannot be had is as good as a server that cannot be reached. */
export const deferred =
  <T>(load: () => Promise<T>) =>
  (): Promise<T> =>
    load().catch((error: unknown) => {
      throw new Failure("unavailable", "", String(error));
    });

type Calls<T> = { [K in keyof T]: (...args: never[]) => Promise<unknown> };

export function deferCalls<T extends Calls<T>>(load: () => Promise<T>, names: Record<keyof T, true>): T {
  const call = (name: keyof T) => [name, async (...args: never[]) => (await load())[name](...args)] as const;
  return Object.fromEntries(Object.keys(names).map((name) => call(name as keyof T))) as T;
}
