/** What the roll-up needs from the two stores. The fault simulation implements the same ports in memory. */
import type { GenerationFill } from '../ai/generation-fill.ts';
import type { GenerationRow, TokenKind } from '../ai/generation-row.ts';
import type { ModelName } from '../ai/prices/model-price.ts';
import type { LedgerPrice } from '../ai/prices/price-book.ts';
import type { BillingPeriod, OrganisationCalendar } from '../tenants/billing-period.ts';
import type { HotEvent, HotRows, Stream } from './hot-event.ts';

export interface Cursor {
  readonly shard: number;
  readonly stream: Stream;
  readonly epoch: number;
  readonly last_seq: number;
  /** The id of the row at `last_seq`, which identifies a restored store. */
  readonly last_id: string;
  readonly halted: boolean;
}

export interface BatchCounts {
  readonly n_in: number;
  readonly n_counted: number;
  readonly n_duplicate: number;
  readonly n_conflict: number;
  readonly n_quarantined: number;
  /**
   * Counted calls whose cost from the edge did not match the ledger's book. They were stored with the book's
   * cost.
   */
  readonly n_mispriced: number;
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

/**
 * An event as stored in the ledger: with the hour and day of its period, and its adjustment if the period was
 * closed.
 */
export interface BookedEvent {
  readonly event: HotEvent;
  readonly hour: number;
  readonly day: string;
  readonly adjustment_id: string | null;
}

/** A generation with its event, and the adjustment of each of its metrics if the period was closed. */
export interface BookedGeneration {
  readonly event: HotEvent;
  readonly row: GenerationRow;
  readonly hour: number;
  readonly day: string;
  readonly adjustment_ids: Readonly<Record<string, string>> | null;
}

/** A user's day by kind of call and model. `cost_usd` is in units of 10^-12 USD. */
export interface StatisticSum {
  readonly organisation_id: string;
  readonly day: string;
  /** '' for calls without a user. */
  readonly user_id: string;
  readonly generation_type: string;
  readonly provider: string;
  readonly model: string;
  total_requests: number;
  success_requests: number;
  failed_requests: number;
  readonly tokens: Record<TokenKind, bigint>;
  cost_usd: bigint;
  cost_count: number;
  duration_ms_sum: bigint;
  duration_count: number;
}

/** A counted call that has no user or no duration yet. */
export interface UncountedCall
  extends Pick<
    GenerationRow,
    'generation_type' | 'provider' | 'model' | 'status' | 'tokens' | 'cost_usd' | 'user_id' | 'duration_ms'
  > {
  readonly organisation_id: string;
  readonly project_id: string;
  /** The event's key. */
  readonly idempotency_key: string;
  readonly id: string;
  readonly ingested_at: number;
  readonly day: string;
}

/** An end user named by an event, with the sender's own id. */
export interface SeenUser {
  readonly organisation_id: string;
  readonly user_id: string;
}

/** Usage of one hour. `total` is in units of 10^-12. */
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

/** An event that the ledger already knew: listed for the operator, not counted. */
export interface KnownEvent {
  readonly id: string;
  readonly kind: 'conflict' | 'duplicate' | 'fill';
  readonly organisation_id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly fingerprint: string;
  /** JSON text. */
  readonly event: string;
  readonly first_event_id: string;
  readonly received_at: number;
}

export type ListedFill = Pick<KnownEvent, 'organisation_id' | 'project_id' | 'idempotency_key' | 'event'>;

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
  /**
   * The highest seq of a row in the stream, 0 if it has none. Never below the cursor, whose row the purge leaves.
   */
  maxSeq(stream: Stream): Promise<number>;
  /** The number of rows in (from, to]. */
  count(stream: Stream, from: number, to: number): Promise<number>;
  /**
   * Deletes the rows in (from, to] if the cursor's own row still exists at that moment and no newer epoch has
   * begun. Otherwise the store was restored and the numbers may be those of other rows. Returns the number of
   * deleted rows.
   */
  delete(stream: Stream, from: number, to: number, cursor: Cursor): Promise<number>;
  /**
   * Called before a shard is read again, so that a purge still hanging from the previous epoch deletes nothing.
   */
  beginEpoch(epoch: number, now: number): Promise<void>;
  /** Records in the hot store that its rows in (from, to] are processed. For information only. */
  markDrained(batch: Batch, now: number): Promise<void>;
}

export interface RollupTransaction {
  /** Locks the cursor's row if it still matches `cursor`. Returns false if another run has moved it. */
  lockCursor(cursor: Cursor): Promise<boolean>;
  /** Inserts the keys not yet in the ledger. Returns the events whose keys were new: `all`, or their ids. */
  insertKeys(events: readonly HotEvent[]): Promise<'all' | ReadonlySet<string>>;
  /** The owners of keys already in the ledger, by `keyOf`. */
  readKeys(events: readonly HotEvent[]): Promise<ReadonlyMap<string, KeyOwner>>;
  /** The periods of these organisations that touch [from, to], share-locked until the transaction ends. */
  lockPeriods(organisationIds: readonly string[], from: number, to: number): Promise<BillingPeriod[]>;
  /** Everything needed to create a missing period. Unknown organisations are left out. */
  loadCalendars(organisationIds: readonly string[]): Promise<OrganisationCalendar[]>;
  insertPeriods(periods: readonly BillingPeriod[]): Promise<void>;
  /** Only events that are not AI calls. */
  insertEvents(events: readonly BookedEvent[]): Promise<void>;
  /** Creates unknown users, except those whose deletion is in progress. */
  insertUsers(seen: readonly SeenUser[], now: number): Promise<void>;
  /** Adds to the hourly, daily and monthly aggregates. */
  addUsage(sums: readonly UsageSum[], now: number): Promise<void>;
  insertAdjustments(sums: readonly UsageSum[], now: number): Promise<void>;
  /** Those of these organisations that store no payloads. */
  listWithoutPayloads(organisationIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** All prices of these models, shared or specific to these organisations, at any time. */
  listModelPrices(organisationIds: readonly string[], models: readonly ModelName[]): Promise<LedgerPrice[]>;
  /** The ceiling price per million tokens, for those of these organisations that charge calls without a price. */
  listCeilings(organisationIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  insertGenerations(booked: readonly BookedGeneration[]): Promise<void>;
  /** Deletes sums that have no calls left. */
  addStatistics(sums: readonly StatisticSum[], now: number): Promise<void>;
  /** Blocks the drain of the shard's events until the transaction ends. */
  holdEventsCursor(shard: number): Promise<void>;
  /** The fills listed under these keys, in order of arrival. A fill may be drained before its generation. */
  readFills(events: readonly HotEvent[]): Promise<ListedFill[]>;
  /**
   * Fills the empty fields of the generations that own these keys, if they exist. At most one fill per
   * generation.
   */
  applyFills(fills: readonly GenerationFill[]): Promise<void>;
  /** The calls that own these keys and have no user or no duration, locked. */
  lockUncounted(fills: readonly GenerationFill[]): Promise<UncountedCall[]>;
  /** Sets the user and the duration of these calls. */
  setCounted(calls: readonly UncountedCall[]): Promise<void>;
  /** The keys among these that belong to calls of deleted users, by `keyOf`, with the pseudonym. */
  listErased(rows: readonly KnownEvent[]): Promise<ReadonlyMap<string, string>>;
  insertKnown(known: readonly KnownEvent[]): Promise<void>;
  insertQuarantined(shard: number, rows: readonly QuarantinedRow[]): Promise<void>;
  /**
   * Writes the batch's row and moves the cursor to its end. The ledger's own clock sets the time of commit, so
   * that a drain that hung or was given another time cannot make its batch look old to the purge.
   */
  closeBatch(batch: Batch, lastId: string): Promise<void>;
}

export interface RollupLedger {
  readCursor(shard: number, stream: Stream): Promise<Cursor>;
  /** Halts the shard unless the cursor has moved in the meantime. */
  halt(cursor: Cursor, reason: string, now: number): Promise<boolean>;
  /** Creates the missing monthly partitions for events received at these instants. */
  ensurePartitions(receivedAt: readonly number[]): Promise<void>;
  transaction<T>(work: (tx: RollupTransaction) => Promise<T>): Promise<T>;
}

/**
 * Whether `row`, the first one at or after the cursor's place, is the cursor's own. If not, the store was
 * restored to an older moment, and its numbers may be those of other rows.
 */
export const isCursorRow = (
  { last_seq, last_id }: Cursor,
  row: { readonly seq: number; readonly id: string } | undefined,
): boolean => row?.seq === last_seq && row.id === last_id;

export const keyOf = (event: { project_id: string; idempotency_key: string }): string =>
  `${event.project_id}\n${event.idempotency_key}`;
