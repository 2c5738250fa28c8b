/**
 * assertDrained for many invoices of one run. Reads each shard once, and stores a period's cutoff only if it must
 * wait.
 */
import { AppError } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { hotDatabase } from '../../db/hot.ts';
import { type Ledger, PLATFORM } from '../../db/ledger.ts';
import { assertDrained, type Cutoff, type PeriodKey } from '../../rollup/close-period.ts';
import { readCursor } from '../../rollup/cursor-store.ts';
import type { HotEvent } from '../../rollup/hot-event.ts';
import { hotReader } from '../../rollup/hot-store.ts';
import { cutoffLedger } from '../../rollup/period-store.ts';
import type { Cursor } from '../../rollup/ports.ts';

/** A shard's state at its first read in the run: its highest seq, and the cursor before and after reading that. */
interface ShardState {
  readonly before: Cursor;
  readonly maxSeq: number;
  readonly after: Cursor;
  /** The row at that cursor, or what is there instead. */
  readonly rows: readonly HotEvent[];
}

export type DrainedCheckOf = (
  ledger: Ledger,
  stored: Cutoff | null,
) => (period: PeriodKey, shard: number) => Promise<Cutoff>;

/**
 * An older cursor can only refuse what a newer one would allow. The period must have ended before the run began, so
 * that the shard's highest seq, read once, is past all of the period's events.
 */
export function drainedCheckOfRun(ctx: Ctx): DrainedCheckOf {
  const shards = new Map<number, Promise<ShardState>>();
  const stateOf = (shard: number): Promise<ShardState> => {
    const known = shards.get(shard) ?? readShard(ctx, shard);
    shards.set(shard, known);
    return known;
  };
  return (ledger, stored) => async (period, shard) => {
    const { before, maxSeq, after, rows } = await stateOf(shard);
    let toRecord: Cutoff | null = null;
    let reads = 0;
    const hot = { maxSeq: async () => maxSeq, read: async () => rows };
    const cutoffs = {
      readCursor: async () => (reads++ === 0 ? before : after),
      readCutoff: async () => stored,
      recordCutoff: async (_: PeriodKey, cutoff: Cutoff) => {
        toRecord = cutoff;
      },
    };
    try {
      return await assertDrained({ hot, ledger: cutoffs }, period, shard);
    } catch (error) {
      const cutoff = toRecord as Cutoff | null;
      if (cutoff !== null && error instanceof AppError) {
        await ledger.transaction(PLATFORM, (tx) => cutoffLedger(tx).recordCutoff(period, cutoff));
      }
      throw error;
    }
  };
}

async function readShard(ctx: Ctx, shard: number): Promise<ShardState> {
  const read = (): Promise<Cursor> =>
    ctx.ledger.transaction(PLATFORM, (tx) => readCursor(tx, shard, 'events'));
  const before = await read();
  const hot = hotReader(hotDatabase(ctx.shards, shard));
  const maxSeq = await hot.maxSeq('events');
  const after = await read();
  return { before, maxSeq, after, rows: await hot.read('events', after.last_seq, 1) };
}
