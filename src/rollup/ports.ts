/** What the roll-up asks of the two stores. The fault simulation implements the same ports in memory. */
import type { BillingPeriod, OrganisationCalendar } from './billing-period.ts';
import type { HotEvent, HotRows, Stream } from './hot-event.ts';

export interface Cursor {
  readonly shard: number;
  readonly stream: Stream;
  readonly epoch: number;
  readonly last_seq: number;
  /** The id of the row at `last_seq`: how a restored store is recognised. */
  readonly last_id: string;
  readonly halted: boolean;
}

export interface BatchCounts {
  readonly n_in: number;
  readonly n_counted: number;
  readonly n_duplicate: number;
  readonly n_conflict: number;
  readonly n_quarantined: number;
}

export interface Batch extends BatchCounts {
  readonly shard: number;
  readonly stream: Stream;
  readonly epoch: number;
  /** The batch is (from_seq, to_seq]. */
  readonly from_seq: number;
  readonly to_seq: number;
}

export interface KeyOwner {
  readonly event_id: string;
  readonly fingerprint: string;
}

/** An event as the ledger carries it: with the hour and day of its period, and its adjustment if that one was closed. */
export interface BookedEvent {
  readonly event: HotEvent;
  readonly hour: number;
  readonly day: string;
  readonly adjustment_id: string | null;
}

/** Usage of one hour; `total` in units of 10^-12. */
export interface UsageSum {
  readonly id: string;
  readonly organisation_id: string;
  readonly project_id: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly hour: number;
  readonly day: string;
  readonly year: number;
  readonly month: number;
  total: bigint;
  count: number;
}

/** An event known to the ledger before: listed for the operator, counted nowhere. */
export interface KnownEvent {
  readonly id: string;
  readonly kind: 'conflict' | 'duplicate';
  readonly organisation_id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly fingerprint: string;
  /** JSON text. */
  readonly event: string;
  readonly first_event_id: string;
  readonly received_at: number;
}

export interface QuarantinedRow {
  readonly id: string;
  readonly organisation_id: string | null;
  readonly project_id: string | null;
  readonly idempotency_key: string | null;
  /** JSON text. */
  readonly event: string;
  readonly keyed: boolean;
  readonly reason: string;
  readonly detail: string;
  readonly received_at: number;
}

export interface HotReader {
  /** The rows with `seq >= from`, in order. */
  read<S extends Stream>(stream: S, from: number, limit: number): Promise<HotRows[S][]>;
  /** The highest seq of a row in the stream, 0 for none. The purge leaves the cursor's own row, so never below it. */
  maxSeq(stream: Stream): Promise<number>;
  /** How many rows lie in (from, to]. */
  count(stream: Stream, from: number, to: number): Promise<number>;
  /**
   * Deletes the rows in (from, to] if, at that moment, the cursor's own row is there and no newer epoch has begun; else
   * the store was restored and the numbers may be those of other rows. Answers how many it deleted.
   */
  delete(stream: Stream, from: number, to: number, cursor: Cursor): Promise<number>;
  /** Before a shard is read anew: a purge that hung since the epoch before deletes nothing any more. */
  beginEpoch(epoch: number, now: number): Promise<void>;
  /** Tells the hot store that its rows in (from, to] are processed; informs only. */
  markDrained(batch: Batch, now: number): Promise<void>;
}

export interface RollupTransaction {
  /** Takes the cursor's row lock if it still stands where `cursor` says; false: another run was here. */
  lockCursor(cursor: Cursor): Promise<boolean>;
  /** Enters the keys not yet in the ledger. Answers which events' keys were new: `all`, or their ids. */
  insertKeys(events: readonly HotEvent[]): Promise<'all' | ReadonlySet<string>>;
  /** The owners of keys that the ledger has, by `keyOf`. */
  readKeys(events: readonly HotEvent[]): Promise<ReadonlyMap<string, KeyOwner>>;
  /** The periods of these organisations that touch [from, to], share-locked until the transaction ends. */
  lockPeriods(organisationIds: readonly string[], from: number, to: number): Promise<BillingPeriod[]>;
  /** All that is needed to make a period that does not exist yet. Organisations that do not exist are absent. */
  loadCalendars(organisationIds: readonly string[]): Promise<OrganisationCalendar[]>;
  insertPeriods(periods: readonly BillingPeriod[]): Promise<void>;
  insertEvents(events: readonly BookedEvent[]): Promise<void>;
  /** Adds to the hourly, daily and monthly aggregates. */
  addUsage(sums: readonly UsageSum[], now: number): Promise<void>;
  insertAdjustments(sums: readonly UsageSum[], now: number): Promise<void>;
  insertKnown(known: readonly KnownEvent[]): Promise<void>;
  insertQuarantined(shard: number, rows: readonly QuarantinedRow[]): Promise<void>;
  /**
   * Writes the batch's row and moves the cursor to its end. When the batch was committed is told by the ledger's own
   * clock: a drain that hung, or was given another time, must not make its batch look old to the purge.
   */
  closeBatch(batch: Batch, lastId: string): Promise<void>;
}

export interface RollupLedger {
  readCursor(shard: number, stream: Stream): Promise<Cursor>;
  /** Halts the shard unless the cursor has moved on meanwhile. */
  halt(cursor: Cursor, reason: string, now: number): Promise<boolean>;
  /** Makes the monthly partitions for events received at these instants, where they are missing. */
  ensurePartitions(receivedAt: readonly number[]): Promise<void>;
  transaction<T>(work: (tx: RollupTransaction) => Promise<T>): Promise<T>;
}

/**
 * Whether `row`, the first one at or after the cursor's place, is the cursor's own. Where it is not, the store was
 * restored to an older moment, and its numbers may be those of other rows.
 */
export const isCursorRow = (
  { last_seq, last_id }: Cursor,
  row: { readonly seq: number; readonly id: string } | undefined,
): boolean => row?.seq === last_seq && row.id === last_id;

export const keyOf = (event: { project_id: string; idempotency_key: string }): string =>
  `${event.project_id}\n${event.idempotency_key}`;
