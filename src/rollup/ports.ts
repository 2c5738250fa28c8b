/** What the roll-up asks of the two stores. The fault simulation implements the same ports in memory. */
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
  /** Calls, among those counted, whose cost from the edge the ledger's book did not bear out: the book's went in. */
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

/** An event as the ledger carries it: with the hour and day of its period, and its adjustment if that one was closed. */
export interface BookedEvent {
  readonly event: HotEvent;
  readonly hour: number;
  readonly day: string;
  readonly adjustment_id: string | null;
}

/** A generation beside its event, with the adjustment of each of its metrics if the period was closed. */
export interface BookedGeneration {
  readonly event: HotEvent;
  readonly row: GenerationRow;
  readonly hour: number;
  readonly day: string;
  readonly adjustment_ids: Readonly<Record<string, string>> | null;
}

/** A user's day by kind of call and model; `cost_usd` in units of 10^-12. */
export interface StatisticSum {
  readonly organisation_id: string;
  readonly day: string;
  /** '' for calls without one. */
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
  /** Of its event. */
  readonly idempotency_key: string;
  readonly id: string;
  readonly ingested_at: number;
  readonly day: string;
}

/** An end user whom an event names, by the sender's own id. */
export interface SeenUser {
  readonly organisation_id: string;
  readonly user_id: string;
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
  /** The highest seq of a row in the stream, 0 for none. The purge leaves the cursor's own row, so never below it. */
  maxSeq(stream: Stream): Promise<number>;
  /** How many rows lie in (from, to]. */
  count(stream: Stream, from: number, to: number): Promise<number>;
  /**
   * Deletes the rows in (from, to] if, at that moment, the cursor's own row is there and no newer epoch has begun; else
   * the store was restored and the numbers may be those of other rows. Answers how many it deleted.
   */
  delete(stream: Stream, from: number, to: number, cursor: Cursor): Promise<number>;
  /** Before a shard is read from the start again: a purge that has hung since the previous epoch must delete nothing. */
  beginEpoch(epoch: number, now: number): Promise<void>;
  /** Marks rows in (from, to] of the hot store as processed; for information only. */
  markDrained(batch: Batch, now: number): Promise<void>;
}

export interface RollupTransaction {
  /** Locks the cursor's row if it is still where `cursor` has it; false if another run has moved it. */
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
  /** Those that are no AI calls. */
  insertEvents(events: readonly BookedEvent[]): Promise<void>;
  /** Those of them who are not known yet become users, but for whom a deletion is under way. */
  insertUsers(seen: readonly SeenUser[], now: number): Promise<void>;
  /** Adds to the hourly, daily and monthly aggregates. */
  addUsage(sums: readonly UsageSum[], now: number): Promise<void>;
  insertAdjustments(sums: readonly UsageSum[], now: number): Promise<void>;
  /** Of these organisations those that keep no payloads. */
  listWithoutPayloads(organisationIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** All prices of these models, global ones and those of these organisations, whatever their dates. */
  listModelPrices(organisationIds: readonly string[], models: readonly ModelName[]): Promise<LedgerPrice[]>;
  /** Of these organisations those that let calls without a price cost something, and what a million tokens do. */
  listCeilings(organisationIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  insertGenerations(booked: readonly BookedGeneration[]): Promise<void>;
  /** What then has no call left goes. */
  addStatistics(sums: readonly StatisticSum[], now: number): Promise<void>;
  /** Keeps the drain of the shard's events away until the transaction ends. */
  holdEventsCursor(shard: number): Promise<void>;
  /** What is listed as a fill under these keys, in the order of its arrival: fills may be drained before their generation. */
  readFills(events: readonly HotEvent[]): Promise<ListedFill[]>;
  /** Fills what is empty in the rows of the generations that own these keys, where there are any; one fill each. */
  applyFills(fills: readonly GenerationFill[]): Promise<void>;
  /** The calls that own these keys and have no user or no duration, locked. */
  lockUncounted(fills: readonly GenerationFill[]): Promise<UncountedCall[]>;
  /** Gives them the user and the duration that they have here. */
  setCounted(calls: readonly UncountedCall[]): Promise<void>;
  /** Of these keys those of deleted users' calls, by `keyOf`, with the pseudonym. */
  listErased(rows: readonly KnownEvent[]): Promise<ReadonlyMap<string, string>>;
  insertKnown(known: readonly KnownEvent[]): Promise<void>;
  insertQuarantined(shard: number, rows: readonly QuarantinedRow[]): Promise<void>;
  /**
   * Writes the batch's row and moves the cursor to its end. The time of the commit comes from the ledger's clock: a drain that
   * hung, or had another clock, must not make its batch look old to the purge.
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
