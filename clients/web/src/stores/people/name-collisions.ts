// People whose names look the same: their usernames tell them apart.

import type { User } from "../../domain/types";
import type { Topic } from "../model/apply";
import type { Model } from "../model/model";

/** What the eye does not tell apart is one. */
export const nameKey = (name: string): string => name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ");

export const isOlderUser = (user: User, current: User | undefined) => (user.version ?? 0) < (current?.version ?? 0);

/** As far as people are known here. */
export function hasNameCollision({ users, usersByName }: Model, id: string): boolean {
  const user = users.get(id);
  return user !== undefined && (usersByName.get(nameKey(user.displayName))?.size ?? 0) > 1;
}

/** Takes in users, unless something newer is known. Who gets a first namesake, or has none any more, is touched too. */
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
