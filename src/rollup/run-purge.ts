/**
 * Purges rows that the ledger has held for the retention time, from every shard's streams, until done or time
 * runs out.
 */
import { HOUR_MS } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { hotDatabase } from '../db/hot.ts';
import { purgeLedger } from './cursor-store.ts';
import { hotReader, purgeMarks } from './hot-store.ts';
import { type PurgeCounts, purgeHotEvents } from './purge-hot-events.ts';

export interface RunPurgeInput {
  readonly retentionHours: number;
  readonly hasTime: () => boolean;
}

export type PurgeResult = { readonly status: 'succeeded' | 'partial' | 'failed' } & PurgeCounts;

/** The horizon is based on the real time, `ctx.now`, regardless of a job's `as_of`. */
export async function runPurge(ctx: Ctx, { retentionHours, hasTime }: RunPurgeInput): Promise<PurgeResult> {
  const counts: PurgeCounts = { purged_batches: 0, purged_rows: 0, mismatched_batches: [] };
  const horizon = ctx.now - retentionHours * HOUR_MS;
  let finished = true;
  for (const shard of ctx.shards.keys()) {
    const stores = { hot: hotReader(hotDatabase(ctx.shards, shard)), ledger: purgeLedger(ctx.ledger) };
    for (const stream of ['events', 'conflicts'] as const) {
      const done = await purgeHotEvents(stores, { shard, stream, horizon, now: ctx.now, hasTime }, counts);
      finished &&= done;
    }
    while (hasTime() && (await purgeMarks(hotDatabase(ctx.shards, shard), horizon))) {}
  }
  const status = counts.mismatched_batches.length > 0 ? 'failed' : finished ? 'succeeded' : 'partial';
  return { status, ...counts };
}
