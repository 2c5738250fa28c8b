/** The ledger rows that the simulation keeps, and single-statement reads of them. */

import type { Cutoff, PeriodKey } from '../../src/rollup/close-period.ts';
import type {
  Batch,
  BookedEvent,
  BookedGeneration,
  Cursor,
  KeyOwner,
  KnownEvent,
  QuarantinedRow,
  SeenUser,
  StatisticSum,
  UsageSum,
} from '../../src/rollup/ports.ts';
import type { BillingPeriod, CalendarEntry } from '../../src/tenants/billing-period.ts';
import { Engine, Table, type Tx } from './ledger-memory.ts';
import type { Scheduler } from './scheduler.ts';

export interface Total {
  readonly organisation_id: string;
  readonly year: number;
  readonly month: number;
  /** Project, metric and unit. */
  readonly what: string;
  readonly day: string;
  readonly total: bigint;
  readonly count: number;
  readonly version: number;
}

export type Quantities = ReadonlyMap<string, bigint>;

export interface Invoice {
  readonly period: PeriodKey;
  /** The verified quantities from before the lock, and those in the books under the lock. */
  readonly verified: Quantities;
  readonly frozen: Quantities;
  /** When the first attempt to close the period began. Everything acknowledged before belongs in the period. */
  readonly firstAttemptAt: number;
}

export type StoredBatch = Batch & { readonly committed_at: number; readonly purged_at: number | null };
export type StoredPeriod = BillingPeriod & { readonly cutoff: Cutoff | null };

export const whatOf = (of: { project_id: string; metric_name: string; unit: string }): string =>
  `${of.project_id.slice(-2)} ${of.metric_name} ${of.unit}`;
export const periodKeyOf = ({ organisation_id, year, month }: PeriodKey): string =>
  `${organisation_id} ${year}-${month}`;
export const cursorKeyOf = ({ shard, stream }: Pick<Cursor, 'shard' | 'stream'>): string =>
  `${shard} ${stream}`;
export const batchKeyOf = ({
  shard,
  stream,
  epoch,
  to_seq,
}: Pick<Batch, 'shard' | 'stream' | 'epoch' | 'to_seq'>): string => `${shard} ${stream} ${epoch} ${to_seq}`;

export const statisticKeyOf = (of: Omit<StatisticSum, 'tokens'>): string =>
  [of.organisation_id, of.day, of.user_id, of.generation_type, of.provider, of.model].join(' ');

export const userKeyOf = ({ organisation_id, user_id }: SeenUser): string => `${organisation_id} ${user_id}`;

export class LedgerMemory {
  readonly cursors = new Table<Cursor>('cursors');
  readonly batches = new Table<StoredBatch>('batches');
  readonly keys = new Table<KeyOwner>('keys');
  readonly events = new Table<BookedEvent>('events');
  readonly generations = new Table<BookedGeneration>('generations');
  readonly statistics = new Table<StatisticSum>('statistics');
  readonly users = new Table<SeenUser>('users');
  readonly hourly = new Table<Total>('hourly');
  readonly daily = new Table<Total>('daily');
  readonly monthly = new Table<Total>('monthly');
  readonly adjustments = new Table<UsageSum>('adjustments');
  readonly known = new Table<KnownEvent>('known');
  readonly quarantine = new Table<QuarantinedRow>('quarantine');
  readonly periods = new Table<StoredPeriod>('periods');
  readonly invoices = new Table<Invoice>('invoices');
  readonly calendars: ReadonlyMap<string, readonly CalendarEntry[]>;
  /** Organisations that store no payloads of their AI calls. */
  readonly payloadsOff: ReadonlySet<string>;
  readonly engine: Engine;

  constructor(
    scheduler: Scheduler,
    calendars: ReadonlyMap<string, readonly CalendarEntry[]>,
    payloadsOff: ReadonlySet<string>,
  ) {
    const { cursors, batches, keys, events, hourly, daily, monthly } = this;
    const { adjustments, known, quarantine, periods, invoices, generations, statistics, users } = this;
    this.calendars = calendars;
    this.payloadsOff = payloadsOff;
    this.engine = new Engine(scheduler, [
      cursors,
      batches,
      keys,
      events,
      hourly,
      daily,
      monthly,
      adjustments,
      known,
      quarantine,
      periods,
      invoices,
      generations,
      statistics,
      users,
    ]);
    for (const stream of ['events', 'conflicts'] as const) {
      const cursor = { shard: 0, stream, epoch: 1, last_seq: 0, last_id: '', halted: false };
      cursors.committed.set(cursorKeyOf(cursor), cursor);
    }
  }

  cursor(tx: Tx | null, shard: number, stream: Cursor['stream']): Cursor {
    const cursor = this.cursors.get(tx, `${shard} ${stream}`);
    if (!cursor) throw new Error('no cursor');
    return cursor;
  }

  /** The monthly quantities of a period. */
  quantities(tx: Tx | null, { organisation_id, year, month }: PeriodKey): Quantities {
    const found = new Map<string, bigint>();
    for (const [, total] of this.monthly.rows(tx)) {
      if (total.organisation_id === organisation_id && total.year === year && total.month === month)
        found.set(total.what, total.total);
    }
    return found;
  }

  days(tx: Tx | null, { organisation_id, year, month }: PeriodKey): Total[] {
    return this.daily
      .rows(tx)
      .map(([, total]) => total)
      .filter((day) => day.organisation_id === organisation_id && day.year === year && day.month === month);
  }

  /** The fates of an event, counted or refused, by its id. */
  fatesOf(id: string): string[] {
    const fates: string[] = [];
    if (this.events.committed.has(id)) fates.push('counted');
    if (this.quarantine.committed.has(id)) fates.push('quarantined');
    if (this.known.committed.has(id)) fates.push('listed');
    return fates;
  }

  /** The instant since which the ledger has held the row, in its current state. */
  settledAt(id: string): number | undefined {
    return this.events.bornAt.get(id) ?? this.quarantine.bornAt.get(id) ?? this.known.bornAt.get(id);
  }
}
