/**
 * Closes a period in the books. Everything acknowledged before the cutoff must be included, and nothing may be
 * added between the verification of the sums and the lock.
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

/** The part of HotReader that the cutoff needs. */
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
 * Returns the cutoff that the drain has passed, which closePeriod checks again. Throws `not_drained` until the
 * drain has passed the highest seq that the organisation's shard had assigned at the first attempt after the
 * cutoff. Only that shard is checked, because no other shard has the organisation's events.
 */
export async function assertDrained(
  { hot, ledger }: { readonly hot: CutoffReader; readonly ledger: CutoffLedger },
  period: PeriodKey,
  shard: number,
): Promise<Cutoff> {
  const before = await ledger.readCursor(shard, 'events');
  let cutoff = await ledger.readCutoff(period);
  // Row numbers of an older epoch mean nothing in this one.
  if (cutoff === null || cutoff.epoch !== before.epoch) {
    cutoff = { seq: await hot.maxSeq('events'), epoch: before.epoch };
    await ledger.recordCutoff(period, cutoff);
  }
  const cursor = await ledger.readCursor(shard, 'events');
  if (cursor.last_seq < cutoff.seq) {
    // A store restored to just before the cutoff may never assign its number again. Everything in the store is
    // then enough.
    cutoff = { ...cutoff, seq: Math.min(cutoff.seq, await hot.maxSeq('events')) };
  }
  if (!isPast(cursor, cutoff) || !(await isUnrestored(hot, cursor))) throw notDrained(cursor, cutoff);
  return cutoff;
}

const isPast = (cursor: Cursor, cutoff: Cutoff): boolean =>
  !cursor.halted && cursor.epoch === cutoff.epoch && cursor.last_seq >= cutoff.seq;

/** A store restored to before the cursor assigns numbers below it to new events until a drain notices. */
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
  /** Locks the period's row against the drain, which holds a share lock on it while it adds usage. */
  lockPeriod(period: PeriodKey): Promise<{ readonly status: 'open' | 'closed' }>;
  /** A stamp of all days of the period. It changes with every drain that changes a day. */
  readDayVersions(period: PeriodKey): Promise<string>;
  readCursor(shard: number, stream: 'events'): Promise<Cursor>;
  setClosed(period: PeriodKey, now: number): Promise<void>;
}

/** The state of a period before its lock. */
export interface Verified {
  readonly dayVersions: string;
  /** As returned by assertDrained. Null for a period that was already closed. */
  readonly drained: { readonly shard: number; readonly cutoff: Cutoff } | null;
}

/**
 * Locks the period and closes it if its days still match the verified state. Returns false if they do not: verify
 * again. Throws `not_drained` if a failover moved the drain back behind the cutoff, `unavailable` if a failover
 * reopened the period. From here until the transaction ends, no drain adds to the period. Afterwards late usage
 * becomes adjustments.
 */
export async function closePeriod(
  tx: PeriodTransaction,
  period: PeriodKey,
  { dayVersions, drained }: Verified,
  now: number,
): Promise<boolean> {
  const { status } = await tx.lockPeriod(period);
  // It was closed a moment ago, so only a failover of the ledger can have reopened it.
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
