/** An operator's overview: how far the drain is behind, how full the shards are, what has failed or is undelivered. */

import { readVisible } from '../access/reach.ts';
import { countUnpriced } from '../ai/prices/store.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { hotDatabase } from '../db/hot.ts';
import { PLATFORM } from '../db/ledger.ts';
import { GLYPHS_MISSING } from '../documents/render-document.ts';
import { countUndelivered } from '../outbox/store.ts';
import { listCursors } from '../rollup/cursor-store.ts';
import { readFullness, readOldestPending } from '../rollup/hot-store.ts';
import { countOpenQuarantine } from '../rollup/store.ts';
import { OUTBOX_HANDLERS } from './outbox-handlers.ts';
import { listLastRuns } from './store.ts';

/** Above this ratio a shard is nearly full: add shards or shorten the retention. */
const FULLNESS_WARNING_RATIO = 0.7;

export interface ShardStatus {
  readonly shard: number;
  readonly epoch: number;
  readonly last_seq: number;
  /** Events not drained yet, counted up to 100,000. */
  readonly pending: number;
  /** Age of the oldest of them. */
  readonly lag_seconds: number;
  readonly halted: boolean;
  readonly halted_at: string | null;
  readonly halt_reason: string | null;
  readonly fullness: { readonly bytes: number; readonly percent: number; readonly warning: boolean };
}

export async function readShardStatus(ctx: Ctx): Promise<ShardStatus[]> {
  // Cursors belong to no tenant, and the readiness check reads them without a key.
  const cursors = await ctx.ledger.transaction(PLATFORM, listCursors);
  return await Promise.all(
    [...ctx.shards.keys()].map(async (shard) => {
      const cursor = cursors.find((row) => row.shard === shard && row.stream === 'events');
      const database = hotDatabase(ctx.shards, shard);
      const oldest = await readOldestPending(database, cursor?.last_seq ?? 0);
      const { bytes, ratio } = await readFullness(database);
      return {
        shard,
        epoch: cursor?.epoch ?? 1,
        last_seq: cursor?.last_seq ?? 0,
        pending: oldest?.pending ?? 0,
        lag_seconds: oldest ? Math.max(0, Math.floor((ctx.now - oldest.ingested_at) / 1000)) : 0,
        halted: (cursor?.halted_at ?? null) !== null,
        halted_at: cursor?.halted_at ?? null,
        halt_reason: cursor?.halt_reason ?? null,
        fullness: { bytes, percent: Math.round(ratio * 1000) / 10, warning: ratio >= FULLNESS_WARNING_RATIO },
      };
    }),
  );
}

export async function readStatus(ctx: Ctx): Promise<Record<string, unknown>> {
  const shards = await readShardStatus(ctx);
  const now = formatInstant(ctx.now);
  const { jobs, quarantined, undelivered, ai } = await readVisible(ctx, async (tx) => ({
    jobs: await listLastRuns(tx),
    quarantined: await countOpenQuarantine(tx),
    ai: await countUnpriced(tx),
    undelivered: await countUndelivered(tx, {
      topics: Object.keys(OUTBOX_HANDLERS),
      now,
      glyphsMissing: GLYPHS_MISSING,
    }),
  }));
  const { documents_waiting: waiting, glyphs_missing, ...outbox } = undelivered;
  return {
    now,
    lag_seconds: Math.max(0, ...shards.map((shard) => shard.lag_seconds)),
    shards,
    halted_shards: shards.filter((shard) => shard.halted).map((shard) => shard.shard),
    quarantined_events: quarantined,
    outbox,
    documents: { waiting, glyphs_missing },
    ai,
    jobs,
    failed_jobs: jobs.filter((run) => run.status === 'failed').map((run) => run.job),
  };
}
