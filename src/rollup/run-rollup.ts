/** Drains every shard until nothing waits or the time is up. */

import { DAY_MS, monthOf, nextMonth, startOfMonth } from '../core/time.ts';
import type { Shards } from '../db/hot.ts';
import { hotDatabase } from '../db/hot.ts';
import type { Ledger } from '../db/ledger.ts';
import { NotCommittedError } from '../db/ledger.ts';
import { drainHotEvents } from './drain-hot-events.ts';
import type { Stream } from './hot-event.ts';
import { hotReader } from './hot-store.ts';
import { rollupLedger } from './store.ts';

/** 5,000 is where the cost per event stops falling; 20,000 gains nothing and holds four times the memory and locks. */
export const BATCH_EVENTS = 5_000;
/** Partitions are made this long ahead, so that a ledger whose cron rests a while still takes events. */
const PARTITIONS_AHEAD_MS = 40 * DAY_MS;
/** A run that keeps losing the cursor to another one leaves the work to it. */
const OVERTAKEN_MAX = 20;
const LOST_ANSWERS_MAX = 3;

export interface RollupCounts {
  n_in: number;
  n_counted: number;
  n_duplicate: number;
  n_conflict: number;
  n_quarantined: number;
  n_mispriced: number;
  batches: number;
  halted_shards: number[];
}

export interface RollupInput {
  readonly shards: Shards;
  readonly openLedger: () => Ledger;
  readonly now: number;
  /** Called before each batch: if it returns false, the run ends as `partial`. */
  readonly hasTime: () => boolean;
}

export type RollupResult = { readonly status: 'succeeded' | 'partial' | 'failed' } & RollupCounts;

export async function runRollup(input: RollupInput): Promise<RollupResult> {
  const counts: RollupCounts = {
    n_in: 0,
    n_counted: 0,
    n_duplicate: 0,
    n_conflict: 0,
    n_quarantined: 0,
    n_mispriced: 0,
    batches: 0,
    halted_shards: [],
  };
  const finished = await Promise.all(
    [...input.shards.keys()].map((shard) => drainShard(input, shard, counts)),
  );
  const status =
    counts.halted_shards.length > 0 ? 'failed' : finished.every(Boolean) ? 'succeeded' : 'partial';
  return { status, ...counts };
}

/** An instant in each month that needs its partition by now; 40 days from the 31st of January skip February. */
export const partitionsAhead = (now: number): number[] => [
  now,
  startOfMonth(nextMonth(monthOf(now, 'UTC')), 'UTC'),
  now + PARTITIONS_AHEAD_MS,
];

/** True when the shard's backlog is empty (or the shard halted), false when the time was up. */
async function drainShard(input: RollupInput, shard: number, counts: RollupCounts): Promise<boolean> {
  const ledger = input.openLedger();
  try {
    const stores = { hot: hotReader(hotDatabase(input.shards, shard)), ledger: rollupLedger(ledger) };
    await stores.ledger.ensurePartitions(partitionsAhead(input.now));
    for (const stream of ['events', 'conflicts'] as const) {
      if (!(await drainStream(stores, input, shard, stream, counts))) return false;
    }
    return true;
  } finally {
    await ledger.close();
  }
}

async function drainStream(
  stores: Parameters<typeof drainHotEvents>[0],
  input: RollupInput,
  shard: number,
  stream: Stream,
  counts: RollupCounts,
): Promise<boolean> {
  let overtaken = 0;
  let lost = 0;
  let limit = BATCH_EVENTS;
  while (input.hasTime()) {
    let step: Awaited<ReturnType<typeof drainHotEvents>>;
    try {
      step = await drainHotEvents(stores, { shard, stream, limit, now: input.now });
    } catch (error) {
      // A transaction that was rolled back left nothing: the cursor shows where to start again.
      if (error instanceof NotCommittedError && ++lost < LOST_ANSWERS_MAX) continue;
      throw error;
    }
    switch (step.kind) {
      case 'empty':
        return true;
      case 'halted':
        if (!counts.halted_shards.includes(shard)) counts.halted_shards.push(shard);
        return true;
      case 'overtaken':
        if (++overtaken >= OVERTAKEN_MAX) return false;
        break;
      case 'drained': {
        overtaken = 0;
        // Where a row was refused others may follow: whole batches are tried again only step by step, or each such row would
        // cost as many attempts at thousands of rows as it takes to find it.
        limit = step.isCut ? step.batch.n_in : Math.min(2 * limit, BATCH_EVENTS);
        counts.batches += 1;
        counts.n_in += step.batch.n_in;
        counts.n_counted += step.batch.n_counted;
        counts.n_duplicate += step.batch.n_duplicate;
        counts.n_conflict += step.batch.n_conflict;
        counts.n_quarantined += step.batch.n_quarantined;
        counts.n_mispriced += step.batch.n_mispriced;
        break;
      }
    }
  }
  return false;
}
