// Users whose display names look the same: they are shown with their usernames.

import type { User } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model } from "../model/model";

/** Names that look the same have the same key. */
export const nameKey = (name: string): string => name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ");

export const isOlderUser = (user: User, current: User | undefined) => (user.version ?? 0) < (current?.version ?? 0);

/** Whether another loaded user has a name that looks the same. */
export function hasNameCollision({ users, usersByName }: Model, id: string): boolean {
  const user = users.get(id);
  return user !== undefined && (usersByName.get(nameKey(user.displayName))?.size ?? 0) > 1;
}

/** Applies users, unless a newer version is known. A user whose name collision begins or ends is invalidated too. */
export function applyUsers(model: Model, users: readonly User[]): Topic[] {
  return users.flatMap((user) => {
    const before = model.users.get(user.id);
    if (isOlderUser(user, before)) return [];
    const old = before && model.usersByName.get(nameKey(before.displayName));
    old?.delete(user.id);
    model.users.set(user.id, user);
    const now = (model.usersByName.get(nameKey(user.displayName)) ?? new Set()).add(user.id);
    model.usersByName.set(nameKey(user.displayName), now);
    return [user.id, ...(now.size === 2 ? now : []), ...(old?.size === 1 ? old : [])].map((id): Topic => `user:${id}`);
  });
}
