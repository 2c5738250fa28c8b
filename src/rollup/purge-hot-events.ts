/**
 * Deletes from a hot store what the ledger has held for longer than its own recovery could lose, in the ranges of the
 * batches that counted it. The cursor's own row always stays: by it a restored store is recognised. So does the row
 * where the cursor stood at the horizon, because a failover may bring that cursor back.
 */
import type { Stream } from './hot-event.ts';
import type { Batch, Cursor, HotReader } from './ports.ts';

/** The part of a batch that its row keeps. */
export type StoredBatch = Omit<Batch, 'n_mispriced'>;

/** A place of the cursor. */
export type Position = Pick<Batch, 'epoch' | 'to_seq'>;

export interface PurgeLedger {
  /** Where the cursor of the present epoch stood at `horizon`, null where it had not begun or the shard is halted. */
  readPosition(shard: number, stream: Stream, horizon: number): Promise<Position | null>;
  /** Unpurged batches of the position's epoch that end before it, oldest first. */
  listPurgeable(shard: number, stream: Stream, before: Position, limit: number): Promise<StoredBatch[]>;
  /**
   * Runs `work` while the shard's epoch is locked at the batch's epoch, and records the batch as purged if `work` returns true.
   * False if the epoch has changed.
   */
  whileEpochHolds(
    batch: StoredBatch,
    now: number,
    work: (cursor: Cursor) => Promise<'purged' | 'kept'>,
  ): Promise<boolean>;
}

export interface PurgeInput {
  readonly shard: number;
  readonly stream: Stream;
  /** Only batches committed before this instant: now − HOT_RETENTION_HOURS, whatever `as_of` a job was given. */
  readonly horizon: number;
  readonly now: number;
  readonly hasTime: () => boolean;
}

export interface PurgeCounts {
  purged_batches: number;
  purged_rows: number;
  /** Batches whose rows in D1 are not as many as were drained: left alone, for a person to look at. */
  mismatched_batches: {
    shard: number;
    stream: Stream;
    from_seq: number;
    to_seq: number;
    n_in: number;
    found: number;
  }[];
}

const BATCHES_AT_ONCE = 100;

/** True when nothing is left to purge, false when the time was up. */
export async function purgeHotEvents(
  { hot, ledger }: { readonly hot: HotReader; readonly ledger: PurgeLedger },
  input: PurgeInput,
  counts: PurgeCounts,
): Promise<boolean> {
  const { shard, stream, horizon } = input;
  const before = await ledger.readPosition(shard, stream, horizon);
  if (before === null) return true;
  const skipped = new Set<number>();
  while (input.hasTime()) {
    const listed = await ledger.listPurgeable(shard, stream, before, BATCHES_AT_ONCE + skipped.size);
    const batches = listed.filter((batch) => !skipped.has(batch.to_seq));
    if (batches.length === 0) return true;
    for (const batch of batches) {
      if (!input.hasTime()) return false;
      const { from_seq, to_seq, n_in } = batch;
      const held = await ledger.whileEpochHolds(batch, input.now, async (cursor) => {
        const found = await hot.count(stream, from_seq, to_seq);
        // None left: an earlier purge was cut off between its two stores.
        if (found !== n_in && found !== 0) {
          skipped.add(to_seq);
          counts.mismatched_batches.push({ shard, stream, from_seq, to_seq, n_in, found });
          return 'kept';
        }
        if (found > 0 && (await hot.delete(stream, from_seq, to_seq, cursor)) === 0) {
          // The cursor's row is gone: the store was restored, and the next drain will say so.
          skipped.add(to_seq);
          return 'kept';
        }
        counts.purged_batches += 1;
        counts.purged_rows += found;
        return 'purged';
      });
      if (!held) skipped.add(to_seq);
    }
  }
  return false;
}
