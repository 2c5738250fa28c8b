/**
 * The end of a period's life in the books: nothing that was acknowledged before the cutoff may be left outside, and
 * nothing may come in between the sums that were verified and the lock.
 */
import { AppError } from '../core/error.ts';
import type { Month } from '../core/time.ts';
import type { HotEvent } from './hot-event.ts';
import { type Cursor, isCursorRow } from './ports.ts';

export interface PeriodKey extends Month {
  readonly organisation_id: string;
}

export interface Cutoff {
  readonly seq: number;
  readonly epoch: number;
}

/** Of a HotReader, what the cutoff asks. */
export interface CutoffReader {
  maxSeq(stream: 'events'): Promise<number>;
  read(stream: 'events', from: number, limit: number): Promise<readonly HotEvent[]>;
}

export interface CutoffLedger {
  readCursor(shard: number, stream: 'events'): Promise<Cursor>;
  readCutoff(period: PeriodKey): Promise<Cutoff | null>;
  recordCutoff(period: PeriodKey, cutoff: Cutoff): Promise<void>;
}

/**
 * Answers the cutoff that the drain has passed, which closePeriod compares once more. Throws `not_drained` until the drain
 * has passed the highest seq that the organisation's shard had given out at the first attempt after the cutoff. Only that
 * shard is asked: an organisation's events are in no other.
 */
export async function assertDrained(
  { hot, ledger }: { readonly hot: CutoffReader; readonly ledger: CutoffLedger },
  period: PeriodKey,
  shard: number,
): Promise<Cutoff> {
  const before = await ledger.readCursor(shard, 'events');
  let cutoff = await ledger.readCutoff(period);
  // Row numbers of an older epoch say nothing about this one's.
  if (cutoff === null || cutoff.epoch !== before.epoch) {
    cutoff = { seq: await hot.maxSeq('events'), epoch: before.epoch };
    await ledger.recordCutoff(period, cutoff);
  }
  const cursor = await ledger.readCursor(shard, 'events');
  if (cursor.last_seq < cutoff.seq) {
    // A store restored to just before the cutoff may never give out its number again: then all that it has is enough.
    cutoff = { ...cutoff, seq: Math.min(cutoff.seq, await hot.maxSeq('events')) };
  }
  if (!isPast(cursor, cutoff) || !(await isUnrestored(hot, cursor))) throw notDrained(cursor, cutoff);
  return cutoff;
}

const isPast = (cursor: Cursor, cutoff: Cutoff): boolean =>
  !cursor.halted && cursor.epoch === cutoff.epoch && cursor.last_seq >= cutoff.seq;

/** A store restored to before the cursor, which no drain has seen yet, gives out numbers below it to new events. */
async function isUnrestored(hot: CutoffReader, cursor: Cursor): Promise<boolean> {
  if (cursor.last_seq === 0) return true;
  const [row] = await hot.read('events', cursor.last_seq, 1);
  return isCursorRow(cursor, row);
}

const notDrained = ({ shard, last_seq }: Cursor, { seq }: Cutoff): AppError =>
  new AppError('not_drained', 'Events received before the cutoff have not been drained yet. Retry later.', {
    retryAfterSeconds: 60,
    log: `shard ${shard} at ${last_seq}, cutoff ${seq}`,
  });

export interface PeriodTransaction {
  /** Locks the period's row against the drain, which holds it shared while it adds usage. */
  lockPeriod(period: PeriodKey): Promise<{ readonly status: 'open' | 'closed' }>;
  /** A stamp of all days of the period that changes with every drain that touches one. */
  readDayVersions(period: PeriodKey): Promise<string>;
  readCursor(shard: number, stream: 'events'): Promise<Cursor>;
  setClosed(period: PeriodKey, now: number): Promise<void>;
}

/** What was found of a period before its lock. */
export interface Verified {
  readonly dayVersions: string;
  /** As assertDrained answered it; null for a period that was closed before. */
  readonly drained: { readonly shard: number; readonly cutoff: Cutoff } | null;
}

/**
 * Locks the period and closes it if its days still are what was verified; false where they are not: verify again. Throws
 * `not_drained` where a failover put the drain back behind the cutoff, `unavailable` where it opened the period again. From
 * here until the transaction ends no drain adds to it; after, late usage becomes adjustments.
 */
export async function closePeriod(
  tx: PeriodTransaction,
  period: PeriodKey,
  { dayVersions, drained }: Verified,
  now: number,
): Promise<boolean> {
  const { status } = await tx.lockPeriod(period);
  // It was closed a moment ago: only a failover of the ledger opens it again.
  if (status === 'open' && drained === null)
    throw new AppError('unavailable', 'The period changed while it was being closed. Retry later.');
  if (status === 'open' && drained !== null) {
    const cursor = await tx.readCursor(drained.shard, 'events');
    if (!isPast(cursor, drained.cutoff)) throw notDrained(cursor, drained.cutoff);
  }
  if ((await tx.readDayVersions(period)) !== dayVersions) return false;
  if (status === 'open') await tx.setClosed(period, now);
  return true;
}
