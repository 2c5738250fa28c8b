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
  /** Of the user. */
  readonly id: string;
  readonly pseudonym: string;
  /** How many files hold lines of him, which the retention leaves out of them. */
  readonly archives: number;
}

/** Comes from nothing of the user, so that nobody can find the way back. */
const makePseudonym = (): string => `deleted-${crypto.randomUUID()}`;

/**
 * Deletes a user: the row, the identities, and in the ledger all that is personal. His figures stand from then on under a
 * pseudonym. What is still in the hot store at this moment is erased by the retention once the drain has passed it.
 * `assertUnchanged` is given the user as he is under the lock. Throws `not_found`, `unavailable`.
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
      // Neither the pseudonym nor the counts: by them the rows before would tell whose figures these are.
      changes: {},
    });
    return { organisation_id, id, pseudonym, ...counts, archives };
  });
}
