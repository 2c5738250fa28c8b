/**
 * Deletes rows from a hot store once the ledger has held them for longer than its own recovery could lose.
 * Deletes the ranges of the batches that counted them. The cursor's own row always stays, because it identifies a
 * restored store. The row at the cursor's place at the horizon also stays, because a failover may move the cursor
 * back there.
 */
import type { Stream } from './hot-event.ts';
import type { Batch, Cursor, HotReader } from './ports.ts';

/** The part of a batch that its stored row keeps. */
export type StoredBatch = Omit<Batch, 'n_mispriced'>;

/** A place of the cursor. */
export type Position = Pick<Batch, 'epoch' | 'to_seq'>;

export interface PurgeLedger {
  /**
   * The place of the current epoch's cursor at `horizon`. Null if the epoch had not begun or the shard is halted.
   */
  readPosition(shard: number, stream: Stream, horizon: number): Promise<Position | null>;
  /** Unpurged batches of the position's epoch that end before it, oldest first. */
  listPurgeable(shard: number, stream: Stream, before: Position, limit: number): Promise<StoredBatch[]>;
  /**
   * Runs `work` while the batch's epoch is locked as the shard's current one, and records the batch as purged if
   * `work` returns 'purged'. Returns false if the epoch is no longer current.
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
  /** Only batches committed before this instant: now − HOT_RETENTION_HOURS, regardless of a job's `as_of`. */
  readonly horizon: number;
  readonly now: number;
  readonly hasTime: () => boolean;
}

export interface PurgeCounts {
  purged_batches: number;
  purged_rows: number;
  /**
   * Batches whose row count in D1 differs from the drained count. They are left alone for an operator to examine.
   */
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

/** True if nothing is left to purge, false if time ran out. */
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
        // No rows left: an earlier purge was interrupted between its two stores.
        if (found !== n_in && found !== 0) {
          skipped.add(to_seq);
          counts.mismatched_batches.push({ shard, stream, from_seq, to_seq, n_in, found });
          return 'kept';
        }
        if (found > 0 && (await hot.delete(stream, from_seq, to_seq, cursor)) === 0) {
          // The cursor's row is gone: the store was restored, and the next drain will report it.
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
