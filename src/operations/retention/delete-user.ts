import { appendAudit } from '../../access/audit/append-audit.ts';
import { notFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import type { Ctx } from '../../db/ctx.ts';
import { hotDatabase } from '../../db/hot.ts';
import { hotReader } from '../../rollup/hot-store.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import type { User } from '../../tenants/user.ts';
import { deleteUserRow, findUserLocked } from '../../tenants/user-store.ts';
import { type ErasedCounts, eraseUser, withCallsLocked } from './erase-user.ts';
import { countArchivesOf, findShard, insertErasure } from './erasure-store.ts';

export interface DeletedUser extends ErasedCounts {
  readonly organisation_id: string;
  /** The id of the user. */
  readonly id: string;
  readonly pseudonym: string;
  /** The number of files that hold lines of the user; the retention job removes these lines. */
  readonly archives: number;
}

/** Not derived from the user in any way, so that it cannot be reversed. */
const makePseudonym = (): string => `deleted-${crypto.randomUUID()}`;

/**
 * Deletes a user: the row, the identities, and all personal data in the ledger. Their figures are kept under
 * a pseudonym. The retention job erases what is still in the hot store at this moment once the drain has
 * passed it. `assertUnchanged` receives the user as read under the lock. Throws `not_found`, `unavailable`.
 */
export async function deleteUser(
  ctx: Ctx,
  { id }: { readonly id: string },
  assertUnchanged: (current: User) => void = () => undefined,
): Promise<DeletedUser> {
  const { organisation_id, shard } = await withOwner(ctx, 'users', id, async (tx, organisationId) => {
    const shard = await findShard(tx, organisationId);
    if (shard === null) throw notFound('user');
    return { organisation_id: organisationId, shard };
  });
  const hot = hotReader(hotDatabase(ctx.shards, shard));
  const [events_seq, conflicts_seq] = await Promise.all([hot.maxSeq('events'), hot.maxSeq('conflicts')]);
  const pseudonym = makePseudonym();
  return await withCallsLocked(ctx.ledger, { organisation_id, shard }, async (tx) => {
    const user = await findUserLocked(tx, organisation_id, id);
    if (!user) throw notFound('user');
    assertUnchanged(user);
    const erased = { organisation_id, user_id: user.user_id, pseudonym };
    await insertErasure(tx, { ...erased, id: uuidv7(ctx.now), events_seq, conflicts_seq });
    await deleteUserRow(tx, organisation_id, id);
    const counts = await eraseUser(tx, erased);
    const archives = await countArchivesOf(tx, erased);
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'user',
      entity_id: id,
      action: 'user.delete',
      // Neither the pseudonym nor the counts: together with earlier rows they would reveal whose figures
      // these are.
      changes: {},
    });
    return { organisation_id, id, pseudonym, ...counts, archives };
  });
}
