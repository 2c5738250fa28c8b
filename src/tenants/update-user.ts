import { appendAudit } from '../access/audit/append-audit.ts';
import { notFound } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import { putIdentities } from './put-identities.ts';
import { withOwner } from './tenant-scope.ts';
import { namesOf, type User, type UserChanges } from './user.ts';
import { findUser, findUserLocked, updateUserRow } from './user-store.ts';

export interface UpdateUserInput extends UserChanges {
  readonly id: string;
}

/**
 * `assertUnchanged` receives the user as read under the lock, and throws if the caller had seen a different
 * state. Throws `not_found`, `already_exists` for an identity in use, `invalid_request`.
 */
export async function updateUser(
  ctx: Ctx,
  { id, identities, ...rest }: UpdateUserInput,
  assertUnchanged: (current: User) => void = () => undefined,
): Promise<User> {
  const changes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return await withOwner(ctx, 'users', id, async (tx, organisation_id) => {
    const before = await findUserLocked(tx, organisation_id, id);
    if (!before) throw notFound('user');
    assertUnchanged(before);
    await updateUserRow(tx, { ...before, ...changes });
    if (identities) await putIdentities(tx, ctx, { organisation_id, id, identities });
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'user',
      entity_id: id,
      action: 'user.update',
      changes: { fields: namesOf({ ...changes, identities }) },
    });
    const user = await findUser(tx, organisation_id, id);
    if (!user) throw notFound('user');
    return user;
  });
}
