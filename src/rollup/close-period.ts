/**
 * The end of a period's life in the books (design §5.7): nothing that was acknowledged before the cutoff may be left
 * outside, and nothing may come in between the sums that were verified and the lock.
 */
import { AppError } from '../core/error.ts';
import type { Month } from '../core/time.ts';
import { type Cursor, type HotReader, isCursorRow } from './ports.ts';

export interface PeriodKey extends Month {
  readonly organisation_id: string;
}

export interface Cutoff {
  readonly seq: number;
  readonly epoch: number;
}

export interface CutoffLedger {
  readCursor(shard: number, stream: 'events'): Promise<Cursor>;
  readCutoff(period: PeriodKey): Promise<Cutoff | null>;
  recordCutoff(period: PeriodKey, cutoff: Cutoff): Promise<void>;
}

/**
 * Throws `not_drained` until the drain has passed the highest seq that the organisation's shard had given out at the
 * first attempt after the cutoff. Only that shard is asked: an organisation's events are in no other.
 */
export async function assertDrained(
  { hot, ledger }: { readonly hot: HotReader; readonly ledger: CutoffLedger },
  period: PeriodKey,
  shard: number,
): Promise<void> {
  const before = await ledger.readCursor(shard, 'events');
  let cutoff = await ledger.readCutoff(period);
  // Row numbers of an older epoch say nothing about this one's.
  if (cutoff === null || cutoff.epoch !== before.epoch) {
    cutoff = { seq: await hot.maxSeq('events'), epoch: before.epoch };
    await ledger.recordCutoff(period, cutoff);
  }
  const cursor = await ledger.readCursor(shard, 'events');
  if (cursor.halted || cursor.epoch !== cutoff.epoch || !(await isPast(hot, cursor, cutoff))) {
    throw new AppError(
      'not_drained',
      'Events received before the cutoff are still on their way into the ledger.',
      {
        retryAfterSeconds: 60,
        log: `shard ${shard} at ${cursor.last_seq}, cutoff ${cutoff.seq}`,
      },
    );
  }
}

async function isPast(hot: HotReader, cursor: Cursor, cutoff: Cutoff): Promise<boolean> {
  // A store restored to just before the cutoff may never give out its number again: then all that it has is enough.
  if (cursor.last_seq < cutoff.seq && cursor.last_seq < (await hot.maxSeq('events'))) return false;
  if (cursor.last_seq === 0) return true;
  // A store restored to before the cursor, which no drain has seen yet, gives out numbers below it to new events.
  const [row] = await hot.read('events', cursor.last_seq, 1);
  return isCursorRow(cursor, row);
}

export interface PeriodTransaction {
  /** Locks the period's row against the drain, which holds it shared while it adds usage. */
  lockPeriod(period: PeriodKey): Promise<{ readonly status: 'open' | 'closed' }>;
  /** A stamp of all days of the period that changes with every drain that touches one. */
  readDayVersions(period: PeriodKey): Promise<string>;
  setClosed(period: PeriodKey, now: number): Promise<void>;
}

/**
 * Locks the period and closes it if its days still are what was verified as `dayVersions`; false where they are not:
 * verify again. From here until the transaction ends no drain adds to it; after, late usage becomes adjustments.
 */
export async function closePeriod(
  tx: PeriodTransaction,
  period: PeriodKey,
  dayVersions: string,
  now: number,
): Promise<boolean> {
  const { status } = await tx.lockPeriod(period);
  if ((await tx.readDayVersions(period)) !== dayVersions) return false;
  if (status === 'open') await tx.setClosed(period, now);
  return true;
}
