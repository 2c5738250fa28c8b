/** The SQL of the roll-up on the ledger: ports.ts on Postgres. */

import { formatQuantity } from '../core/decimal.ts';
import { firstDay, lastDay } from '../core/time.ts';
import { bareArray, textArray } from '../db/array-literal.ts';
import { type Ledger, type LedgerTransaction, PLATFORM } from '../db/ledger.ts';
import type { BillingPeriod, CalendarEntry, OrganisationCalendar } from './billing-period.ts';
import type { CutoffLedger, PeriodKey, PeriodTransaction } from './close-period.ts';
import type { HotEvent, Stream } from './hot-event.ts';
import {
  type Batch,
  type Cursor,
  type KeyOwner,
  keyOf,
  type RollupLedger,
  type RollupTransaction,
  type UsageSum,
} from './ports.ts';
import type { Position, PurgeLedger } from './purge-hot-events.ts';

const iso = (instant: number): string => new Date(instant).toISOString();

/** Instants repeat within a batch: each text is made once. */
function isoArray(instants: readonly number[]): string {
  const texts = new Map<number, string>();
  return bareArray(
    instants.map((instant) => {
      let text = texts.get(instant);
      if (text === undefined) {
        text = iso(instant);
        texts.set(instant, text);
      }
      return text;
    }),
  );
}

export function rollupLedger(ledger: Ledger): RollupLedger {
  const ensuredMonths = new Set<string>();
  return {
    readCursor: (shard, stream) => ledger.transaction(PLATFORM, (tx) => readCursor(tx, shard, stream)),
    halt: (cursor, reason, now) => ledger.transaction(PLATFORM, (tx) => haltShard(tx, cursor, reason, now)),
    async ensurePartitions(receivedAt) {
      const months = new Set(receivedAt.map((instant) => iso(instant).slice(0, 7)));
      for (const month of months) {
        if (ensuredMonths.has(month)) continue;
        await ledger.transaction(PLATFORM, (tx) =>
          tx.query('SELECT ensure_usage_event_partitions($1, $1)', [`${month}-01T00:00:00Z`]),
        );
        ensuredMonths.add(month);
      }
    },
    transaction: (work) => ledger.transaction(PLATFORM, (tx) => work(rollupTransaction(tx))),
  };
}

export async function readCursor(tx: LedgerTransaction, shard: number, stream: Stream): Promise<Cursor> {
  const [row] = await tx.query<Omit<Cursor, 'halted'> & { halted_at: string | null }>(
    'SELECT shard, stream, epoch, last_seq, last_id, halted_at FROM rollup_cursors WHERE shard = $1 AND stream = $2',
    [shard, stream],
  );
  if (row) {
    const { halted_at, ...cursor } = row;
    return { ...cursor, halted: halted_at !== null };
  }
  await tx.execute('INSERT INTO rollup_cursors (shard, stream) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    shard,
    stream,
  ]);
  return await readCursor(tx, shard, stream);
}

/** Both streams of the shard halt together: a restore concerns the whole database. */
async function haltShard(
  tx: LedgerTransaction,
  cursor: Cursor,
  reason: string,
  now: number,
): Promise<boolean> {
  const { shard, stream, epoch, last_seq } = cursor;
  const halted = await tx.execute(
    `UPDATE rollup_cursors SET halted_at = $5, halt_reason = $6, updated_at = $5
     WHERE shard = $1 AND halted_at IS NULL AND EXISTS (
       SELECT 1 FROM rollup_cursors WHERE shard = $1 AND stream = $2 AND epoch = $3 AND last_seq = $4)`,
    [shard, stream, epoch, last_seq, iso(now), reason],
  );
  return halted > 0;
}

function rollupTransaction(tx: LedgerTransaction): RollupTransaction {
  return {
    async lockCursor({ shard, stream, epoch, last_seq }) {
      const rows = await tx.query(
        `SELECT ${END_WHEN_SILENT} FROM rollup_cursors
         WHERE shard = $1 AND stream = $2 AND epoch = $3 AND last_seq = $4 AND halted_at IS NULL FOR UPDATE`,
        [shard, stream, epoch, last_seq],
      );
      return rows.length === 1;
    },

    // One answer of one row, empty where every key is new, which is nearly always: 5,000 returned ids cost 8 ms.
    async insertKeys(events) {
      if (events.length === 0) return 'all';
      const [row] = await tx.query<{ fresh: string[] | null }>(
        `WITH inserted AS (
           INSERT INTO event_keys (organisation_id, project_id, idempotency_key, event_id, fingerprint, occurred_at, ingested_at)
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::timestamptz[])
           ON CONFLICT (project_id, idempotency_key) DO NOTHING RETURNING event_id)
         SELECT CASE WHEN count(*) < $8 THEN coalesce(array_agg(event_id::text), '{}') END AS fresh FROM inserted`,
        [
          bareArray(events.map((event) => event.organisation_id)),
          bareArray(events.map((event) => event.project_id)),
          textArray(events.map((event) => event.idempotency_key)),
          bareArray(events.map((event) => event.id)),
          textArray(events.map((event) => event.fingerprint)),
          isoArray(events.map((event) => event.timestamp)),
          isoArray(events.map((event) => event.ingested_at)),
          events.length,
        ],
      );
      return row?.fresh ? new Set(row.fresh) : 'all';
    },

    async readKeys(events) {
      const rows = await tx.query<KeyOwner & { project_id: string; idempotency_key: string }>(
        `SELECT k.project_id, k.idempotency_key, k.event_id, k.fingerprint
         FROM unnest($1::uuid[], $2::text[]) AS r(project_id, idempotency_key)
         JOIN event_keys k USING (project_id, idempotency_key)`,
        [
          bareArray(events.map((event) => event.project_id)),
          textArray(events.map((event) => event.idempotency_key)),
        ],
      );
      return new Map(rows.map((row) => [keyOf(row), row]));
    },

    lockPeriods: (organisationIds, from, to) => lockPeriods(tx, organisationIds, from, to),
    loadCalendars: (organisationIds) => loadCalendars(tx, organisationIds),
    insertPeriods: (periods) => insertPeriods(tx, periods),

    async insertEvents(booked) {
      const events = booked.map(({ event }) => event);
      const column = (read: (event: HotEvent) => string): string[] => events.map(read);
      await tx.execute(
        `INSERT INTO usage_events (organisation_id, id, project_id, metric_name, metric_value, unit, timestamp, user_id,
           metadata, idempotency_key, ingested_at, hour, day, adjustment_id)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::text[], $7::timestamptz[],
           $8::text[], $9::jsonb[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::date[], $14::uuid[])`,
        [
          bareArray(column((event) => event.organisation_id)),
          bareArray(column((event) => event.id)),
          bareArray(column((event) => event.project_id)),
          textArray(column((event) => event.metric_name)),
          bareArray(column((event) => event.metric_value)),
          textArray(column((event) => event.unit)),
          isoArray(events.map((event) => event.timestamp)),
          textArray(events.map((event) => event.user_id)),
          textArray(column((event) => event.metadata)),
          textArray(column((event) => event.idempotency_key)),
          isoArray(events.map((event) => event.ingested_at)),
          isoArray(booked.map(({ hour }) => hour)),
          bareArray(booked.map(({ day }) => day)),
          bareArray(booked.map(({ adjustment_id }) => adjustment_id)),
        ],
      );
    },

    // Hours come summed; days and months are summed here, so the three levels go in with one statement.
    async addUsage(sums, now) {
      await tx.execute(
        `WITH sums AS (
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::date[],
             $8::int[], $9::int[], $10::numeric[], $11::bigint[])
             AS r(id, organisation_id, project_id, metric_name, unit, hour, day, year, month, total_value, event_count)
         ), hourly AS (
           INSERT INTO usage_hourly (organisation_id, project_id, metric_name, unit, hour, day, total_value, event_count)
           SELECT organisation_id, project_id, metric_name, unit, hour, day, total_value, event_count FROM sums
           ON CONFLICT (organisation_id, project_id, metric_name, unit, hour, day) DO UPDATE SET
             total_value = usage_hourly.total_value + excluded.total_value,
             event_count = usage_hourly.event_count + excluded.event_count
         ), daily AS (
           INSERT INTO usage_daily (organisation_id, project_id, metric_name, unit, day, total_value, event_count, updated_at)
           SELECT organisation_id, project_id, metric_name, unit, day, sum(total_value), sum(event_count), $12::timestamptz
           FROM sums GROUP BY organisation_id, project_id, metric_name, unit, day
           ON CONFLICT (organisation_id, project_id, metric_name, unit, day) DO UPDATE SET
             total_value = usage_daily.total_value + excluded.total_value,
             event_count = usage_daily.event_count + excluded.event_count,
             version = usage_daily.version + 1, updated_at = excluded.updated_at
         )
         INSERT INTO usage_aggregates (organisation_id, id, project_id, metric_name, unit, year, month, total_value, event_count)
         SELECT organisation_id, (array_agg(id))[1], project_id, metric_name, unit, year, month, sum(total_value), sum(event_count)
         FROM sums GROUP BY organisation_id, project_id, metric_name, unit, year, month
         ON CONFLICT (organisation_id, project_id, metric_name, unit, year, month) DO UPDATE SET
           total_value = usage_aggregates.total_value + excluded.total_value,
           event_count = usage_aggregates.event_count + excluded.event_count, updated_at = now()`,
        [...usageColumns(sums), iso(now)],
      );
    },

    async insertAdjustments(sums, now) {
      await tx.execute(
        `INSERT INTO usage_adjustments (id, organisation_id, project_id, metric_name, unit, hour, day, year, month, quantity,
           event_count, kind, created_at)
         SELECT r.*, 'late', $12::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],
           $6::timestamptz[], $7::date[], $8::int[], $9::int[], $10::numeric[], $11::bigint[]) AS r`,
        [...usageColumns(sums), iso(now)],
      );
    },

    async insertKnown(known) {
      await tx.execute(
        `INSERT INTO event_conflicts (organisation_id, id, project_id, idempotency_key, kind, fingerprint, event,
           first_event_id, received_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::uuid[],
           $9::timestamptz[])
         ON CONFLICT (organisation_id, id) DO NOTHING`,
        [
          bareArray(known.map((row) => row.organisation_id)),
          bareArray(known.map((row) => row.id)),
          bareArray(known.map((row) => row.project_id)),
          textArray(known.map((row) => row.idempotency_key)),
          bareArray(known.map((row) => row.kind)),
          textArray(known.map((row) => row.fingerprint)),
          textArray(known.map((row) => row.event)),
          bareArray(known.map((row) => row.first_event_id)),
          isoArray(known.map((row) => row.received_at)),
        ],
      );
    },

    async insertQuarantined(shard, rows) {
      await tx.execute(
        `INSERT INTO event_quarantine (id, organisation_id, project_id, idempotency_key, event, keyed, reason, detail,
           received_at, shard)
         SELECT r.*, $10 FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::text[],
           $8::text[], $9::timestamptz[]) AS r
         ON CONFLICT (id) DO NOTHING`,
        [
          textArray(rows.map((row) => clean(row.id))),
          bareArray(rows.map((row) => row.organisation_id)),
          bareArray(rows.map((row) => row.project_id)),
          textArray(rows.map((row) => (row.idempotency_key === null ? null : clean(row.idempotency_key)))),
          textArray(rows.map((row) => row.event)),
          bareArray(rows.map((row) => String(row.keyed))),
          textArray(rows.map((row) => row.reason)),
          textArray(rows.map((row) => clean(row.detail))),
          isoArray(rows.map((row) => row.received_at)),
          shard,
        ],
      );
    },

    async closeBatch(batch, lastId) {
      const { shard, stream, epoch, from_seq, to_seq } = batch;
      const { n_in, n_counted, n_duplicate, n_conflict, n_quarantined } = batch;
      await tx.execute(
        `WITH batch AS (
           INSERT INTO rollup_batches (shard, stream, epoch, from_seq, to_seq, n_in, n_counted, n_duplicate, n_conflict,
             n_quarantined, committed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp()))
         UPDATE rollup_cursors SET last_seq = $5, last_id = $11, updated_at = clock_timestamp() WHERE shard = $1 AND stream = $2`,
        [
          shard,
          stream,
          epoch,
          from_seq,
          to_seq,
          n_in,
          n_counted,
          n_duplicate,
          n_conflict,
          n_quarantined,
          lastId,
        ],
      );
    },
  };
}

// A process that hangs inside the transaction would keep the cursor from all others, and commit a batch whose time of
// commit is long past: the server ends it, with no statement more than the lock takes anyway.
const END_WHEN_SILENT = `set_config('idle_in_transaction_session_timeout', '60000', true)`;

/** Postgres text holds no U+0000; a poison row may. */
const clean = (text: string): string => text.replaceAll('\u0000', '\ufffd');

function usageColumns(sums: readonly UsageSum[]): string[] {
  return [
    bareArray(sums.map((sum) => sum.id)),
    bareArray(sums.map((sum) => sum.organisation_id)),
    bareArray(sums.map((sum) => sum.project_id)),
    textArray(sums.map((sum) => sum.metric_name)),
    textArray(sums.map((sum) => sum.unit)),
    isoArray(sums.map((sum) => sum.hour)),
    bareArray(sums.map((sum) => sum.day)),
    bareArray(sums.map((sum) => sum.year)),
    bareArray(sums.map((sum) => sum.month)),
    bareArray(sums.map((sum) => formatQuantity(sum.total))),
    bareArray(sums.map((sum) => sum.count)),
  ];
}

interface PeriodRow extends Omit<BillingPeriod, 'starts_at' | 'ends_at'> {
  readonly starts_at: string;
  readonly ends_at: string;
}

export const periodOf = (row: PeriodRow): BillingPeriod => ({
  ...row,
  starts_at: Date.parse(row.starts_at),
  ends_at: Date.parse(row.ends_at),
});

const PERIOD_COLUMNS = 'organisation_id, year, month, starts_at, ends_at, timezone, currency, status';

async function lockPeriods(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
  from: number,
  to: number,
): Promise<BillingPeriod[]> {
  const rows = await tx.query<PeriodRow>(
    `SELECT ${PERIOD_COLUMNS} FROM billing_periods
     WHERE organisation_id = ANY ($1::uuid[]) AND ends_at > $2 AND starts_at <= $3
     ORDER BY organisation_id, year, month FOR SHARE`,
    [bareArray(organisationIds), iso(from), iso(to)],
  );
  return rows.map(periodOf);
}

export async function loadCalendars(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<OrganisationCalendar[]> {
  const ids = [bareArray(organisationIds)];
  const entries = await tx.query<CalendarEntry & { organisation_id: string }>(
    `SELECT organisation_id, from_year, from_month, timezone, currency FROM billing_calendars
     WHERE organisation_id = ANY ($1::uuid[]) ORDER BY from_year, from_month`,
    ids,
  );
  const periods = await tx.query<PeriodRow>(
    `SELECT ${PERIOD_COLUMNS} FROM billing_periods WHERE organisation_id = ANY ($1::uuid[]) ORDER BY starts_at`,
    ids,
  );
  const calendars = new Map<string, { entries: CalendarEntry[]; periods: BillingPeriod[] }>();
  for (const { organisation_id, ...entry } of entries) {
    const calendar = calendars.get(organisation_id) ?? { entries: [], periods: [] };
    calendar.entries.push(entry);
    calendars.set(organisation_id, calendar);
  }
  for (const row of periods) calendars.get(row.organisation_id)?.periods.push(periodOf(row));
  return [...calendars].map(([organisation_id, calendar]) => ({ organisation_id, ...calendar }));
}

export async function insertPeriods(tx: LedgerTransaction, periods: readonly BillingPeriod[]): Promise<void> {
  await tx.execute(
    `INSERT INTO billing_periods (organisation_id, year, month, starts_at, ends_at, timezone, currency)
     SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])
     ON CONFLICT DO NOTHING`,
    [
      bareArray(periods.map((period) => period.organisation_id)),
      bareArray(periods.map((period) => period.year)),
      bareArray(periods.map((period) => period.month)),
      isoArray(periods.map((period) => period.starts_at)),
      isoArray(periods.map((period) => period.ends_at)),
      textArray(periods.map((period) => period.timezone)),
      textArray(periods.map((period) => period.currency)),
    ],
  );
}

export function purgeLedger(ledger: Ledger): PurgeLedger {
  return {
    async readPosition(shard, stream, horizon) {
      const [position] = await ledger.transaction(PLATFORM, (tx) =>
        tx.query<Position>(
          `SELECT b.epoch, b.to_seq FROM rollup_batches b
           JOIN rollup_cursors c ON c.shard = b.shard AND c.stream = b.stream AND c.epoch = b.epoch
           WHERE b.shard = $1 AND b.stream = $2 AND b.committed_at <= $3 AND c.halted_at IS NULL
           ORDER BY b.to_seq DESC LIMIT 1`,
          [shard, stream, iso(horizon)],
        ),
      );
      return position ?? null;
    },
    listPurgeable: (shard, stream, { epoch, to_seq }, limit) =>
      ledger.transaction(PLATFORM, (tx) =>
        tx.query<Batch>(
          `SELECT * FROM rollup_batches
           WHERE shard = $1 AND stream = $2 AND epoch = $3 AND to_seq < $4 AND purged_at IS NULL
           ORDER BY to_seq LIMIT $5`,
          [shard, stream, epoch, to_seq, limit],
        ),
      ),
    // The share lock keeps a resync away between the count and the delete.
    whileEpochHolds: ({ shard, stream, epoch, to_seq }, now, work) =>
      ledger.transaction(PLATFORM, async (tx) => {
        const [cursor] = await tx.query<Cursor>(
          `SELECT shard, stream, epoch, last_seq, last_id, false AS halted, ${END_WHEN_SILENT} FROM rollup_cursors
           WHERE shard = $1 AND stream = $2 AND epoch = $3 AND last_seq > $4 AND halted_at IS NULL FOR SHARE`,
          [shard, stream, epoch, to_seq],
        );
        if (!cursor) return false;
        if ((await work(cursor)) === 'purged') {
          await tx.execute(
            'UPDATE rollup_batches SET purged_at = $5 WHERE shard = $1 AND stream = $2 AND epoch = $3 AND to_seq = $4',
            [shard, stream, epoch, to_seq, iso(now)],
          );
        }
        return true;
      }),
  };
}

/** Begins the shard again from its first row under a new epoch; false where it is not halted. */
export async function restartShard(tx: LedgerTransaction, shard: number, now: number): Promise<boolean> {
  const restarted = await tx.execute(
    `UPDATE rollup_cursors SET epoch = epoch + 1, last_seq = 0, last_id = '', halted_at = NULL, halt_reason = NULL,
       updated_at = $2
     WHERE shard = $1 AND EXISTS (SELECT 1 FROM rollup_cursors WHERE shard = $1 AND halted_at IS NOT NULL)`,
    [shard, iso(now)],
  );
  return restarted > 0;
}

const periodValues = ({ organisation_id, year, month }: PeriodKey): (string | number)[] => [
  organisation_id,
  year,
  month,
];
const OF_PERIOD = 'organisation_id = $1 AND year = $2 AND month = $3';

export function cutoffLedger(tx: LedgerTransaction): CutoffLedger {
  return {
    readCursor: (shard, stream) => readCursor(tx, shard, stream),
    async readCutoff(period) {
      const [row] = await tx.query<{ cutoff_seq: number | null; cutoff_epoch: number | null }>(
        `SELECT cutoff_seq, cutoff_epoch FROM billing_periods WHERE ${OF_PERIOD}`,
        periodValues(period),
      );
      return row && row.cutoff_seq !== null && row.cutoff_epoch !== null
        ? { seq: row.cutoff_seq, epoch: row.cutoff_epoch }
        : null;
    },
    async recordCutoff(period, { seq, epoch }) {
      await tx.execute(`UPDATE billing_periods SET cutoff_seq = $4, cutoff_epoch = $5 WHERE ${OF_PERIOD}`, [
        ...periodValues(period),
        seq,
        epoch,
      ]);
    },
  };
}

export const periodTransaction = (tx: LedgerTransaction): PeriodTransaction => ({
  async lockPeriod(period) {
    const [row] = await tx.query<{ status: 'open' | 'closed' }>(
      `SELECT status FROM billing_periods WHERE ${OF_PERIOD} FOR UPDATE`,
      periodValues(period),
    );
    if (!row) throw new Error('the period to lock does not exist');
    return row;
  },
  // Versions alone come again after a failover, when the lost batches are drained anew and otherwise divided: the stamp
  // holds the quantities too.
  async readDayVersions(period) {
    const [row] = await tx.query<{ stamp: string | null }>(
      `SELECT md5(string_agg(concat_ws(' ', project_id, day, version, total_value, event_count, length(metric_name),
         metric_name, unit), E'\n' ORDER BY project_id, metric_name, unit, day)) AS stamp FROM usage_daily
       WHERE organisation_id = $1 AND day BETWEEN $2 AND $3`,
      [period.organisation_id, firstDay(period), lastDay(period)],
    );
    return row?.stamp ?? '';
  },
  readCursor: (shard, stream) => readCursor(tx, shard, stream),
  async setClosed(period, now) {
    await tx.execute(`UPDATE billing_periods SET status = 'closed', closed_at = $4 WHERE ${OF_PERIOD}`, [
      ...periodValues(period),
      iso(now),
    ]);
  },
});

export interface CursorRow {
  readonly shard: number;
  readonly stream: Stream;
  readonly epoch: number;
  readonly last_seq: number;
  readonly halted_at: string | null;
  readonly halt_reason: string | null;
}

export const listCursors = (tx: LedgerTransaction): Promise<CursorRow[]> =>
  tx.query<CursorRow>('SELECT * FROM rollup_cursors ORDER BY shard, stream');

export async function countOpenQuarantine(tx: LedgerTransaction): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    'SELECT count(*) AS n FROM event_quarantine WHERE resolved_at IS NULL',
  );
  return row?.n ?? 0;
}
