import { appendAudit, PLATFORM_CHAIN } from '../access/audit/append-audit.ts';
import { AppError, notFound } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import { hotDatabase } from '../db/hot.ts';
import { PLATFORM } from '../db/ledger.ts';
import { readCursor, restartShard } from './cursor-store.ts';
import { hotReader } from './hot-store.ts';

/**
 * Restarts a halted shard from its first row, when an operator confirms that its hot store was restored. The key
 * ledger makes this safe: already counted events are not counted again. Throws `not_found` for a shard that is
 * not configured, `shard_not_halted`.
 */
export async function resyncShard(
  ctx: Ctx,
  { shard }: { readonly shard: number },
): Promise<{ shard: number; epoch: number }> {
  if (!ctx.shards.has(shard)) throw notFound('shard');
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    if (!(await restartShard(tx, shard, ctx.now))) {
      throw new AppError(
        'shard_not_halted',
        'The shard is not halted, so there is nothing to resynchronise.',
      );
    }
    const { epoch } = await readCursor(tx, shard, 'events');
    // Before the commit: once the new epoch counts, nothing from the old epoch may delete.
    await hotReader(hotDatabase(ctx.shards, shard)).beginEpoch(epoch, ctx.now);
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'shard',
      entity_id: String(shard),
      action: 'shard.resync',
      changes: { epoch },
    });
    return { shard, epoch };
  });
}
