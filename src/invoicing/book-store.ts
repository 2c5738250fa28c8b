/** The SQL of what invoices are built from: usage by day, adjustments, earlier invoices, and the events behind them. */
import { decimal } from '../core/decimal.ts';
import { firstDay, formatInstant, HOUR_MS, lastDay, type Month } from '../core/time.ts';
import { bareArray, columnArrays } from '../db/array-literal.ts';
import { columns, type RowOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';
import type { PeriodKey } from '../rollup/close-period.ts';
import type { NarrowedLine } from './line-store.ts';
import type { CarriedQuantity, DayUsage, OpenAdjustment } from './lines/billing-input.ts';
import type { KeysHash } from './lines/events-hash.ts';

export const ADJUSTMENT = columns('usage_adjustments', [
  'id',
  'kind',
  'project_id',
  'metric_name',
  'unit',
  'year',
  'month',
  'day',
  'quantity',
  'event_count',
]);

/** As read, before its quantity is a decimal. */
export type AdjustmentRow = RowOf<typeof ADJUSTMENT> & Pick<OpenAdjustment, 'kind'>;

type BillableRow =
  | AdjustmentRow
  | (Pick<Row<'usage_daily'>, 'project_id' | 'metric_name' | 'unit' | 'day' | 'event_count'> &
      Month & {
        readonly id: null;
        readonly kind: 'usage';
        readonly quantity: Row<'usage_daily'>['total_value'];
      });

export interface Billable {
  readonly usage: DayUsage[];
  readonly adjustments: OpenAdjustment[];
}

/**
 * Everything an invoice of the period may bill: the period's days, and the adjustments of earlier periods that are
 * open or claimed by this invoice.
 */
export async function listBillable(
  tx: LedgerTransaction,
  period: PeriodKey,
  invoiceId: string | null,
): Promise<Billable> {
  const rows = await tx.query<BillableRow>(
    `SELECT NULL::uuid AS id, 'usage' AS kind, project_id, metric_name, unit, $4::int AS year, $5::int AS month, day,
       total_value AS quantity, event_count
     FROM usage_daily WHERE organisation_id = $1 AND day BETWEEN $2 AND $3
     UNION ALL
     SELECT ${ADJUSTMENT} FROM usage_adjustments
     WHERE organisation_id = $1 AND ((invoice_id IS NULL AND credit_note_id IS NULL) OR invoice_id = $6)
       AND (year < $4::int OR (year = $4::int AND month < $5::int))`,
    [period.organisation_id, firstDay(period), lastDay(period), period.year, period.month, invoiceId],
  );
  const billable: Billable = { usage: [], adjustments: [] };
  for (const { id, kind, quantity, ...row } of rows) {
    if (kind !== 'usage' && id !== null) {
      billable.adjustments.push({ ...row, id, kind, quantity: decimal(quantity) });
    } else if (row.project_id !== null) {
      billable.usage.push({ ...row, project_id: row.project_id, quantity: decimal(quantity) });
    }
  }
  return billable;
}

const CLAIMANT = columns('usage_adjustments', ['invoice_id']);

/**
 * Claims the adjustments for the invoice and releases those it claimed before but no longer needs. Returns the
 * number of claimed adjustments.
 */
export async function setClaims(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
  adjustmentIds: readonly string[],
): Promise<number> {
  const rows = await tx.query<{ claimed: boolean }>(
    `UPDATE usage_adjustments SET ${CLAIMANT} = CASE WHEN id = ANY ($3::uuid[]) THEN $2::uuid END
     WHERE organisation_id = $1
       AND (invoice_id = $2 OR (invoice_id IS NULL AND credit_note_id IS NULL AND id = ANY ($3::uuid[])))
       AND source_invoice_id IS DISTINCT FROM $2
     RETURNING invoice_id IS NOT NULL AS claimed`,
    [organisationId, invoiceId, bareArray(adjustmentIds)],
  );
  return rows.filter((row) => row.claimed).length;
}

/** Exactly one source is set: the document that passed the quantity on. */
export interface CarriedRow extends CarriedQuantity {
  readonly organisation_id: string;
  readonly id: string;
  readonly source_invoice_id: string | null;
  readonly source_credit_note_id: string | null;
}

const CARRIED_COLUMNS = [
  ['organisation_id', 'uuid'],
  ['id', 'uuid'],
  ['metric_name', 'text'],
  ['unit', 'text'],
  ['year', 'int'],
  ['month', 'int'],
  ['day', 'date'],
  ['quantity', 'numeric'],
  ['source_invoice_id', 'uuid'],
  ['source_credit_note_id', 'uuid'],
] as const satisfies readonly (readonly [keyof CarriedRow, string])[];
const CARRIED = columns(
  'usage_adjustments',
  CARRIED_COLUMNS.map(([name]) => name),
);
const CARRIED_ALIKE = columns('usage_adjustments', ['kind', 'event_count', 'created_at']);

export async function insertCarried(
  tx: LedgerTransaction,
  rows: readonly CarriedRow[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  await tx.execute(
    `INSERT INTO usage_adjustments (${CARRIED}, ${CARRIED_ALIKE})
     SELECT r.*, 'carried', 0, $1::timestamptz
     FROM unnest(${CARRIED_COLUMNS.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ')}) AS r`,
    [formatInstant(now), ...columnArrays(rows, CARRIED_COLUMNS)],
  );
}

/**
 * Voids what a cancelled invoice carried over by assigning it to that invoice itself: rows are never deleted, and
 * no other invoice can then claim them. Returns the number of its rows claimed by another invoice; those are
 * unchanged.
 */
export async function voidCarried(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<number> {
  const { text, values } = updateOf(
    'usage_adjustments',
    { invoice_id: invoiceId },
    { organisation_id: organisationId, source_invoice_id: invoiceId },
  );
  await tx.execute(`${text} AND invoice_id IS NULL`, values);
  const [row] = await tx.query<{ n: number }>(
    `SELECT count(*) AS n FROM usage_adjustments
     WHERE organisation_id = $1 AND source_invoice_id = $2 AND invoice_id <> $2`,
    [organisationId, invoiceId],
  );
  return row?.n ?? 0;
}

/** The adjustments claimed by an invoice, without those it carried over itself. */
export async function listClaimed(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<AdjustmentRow[]> {
  return await tx.query<AdjustmentRow>(
    `SELECT ${ADJUSTMENT} FROM usage_adjustments
     WHERE organisation_id = $1 AND invoice_id = $2 AND source_invoice_id IS DISTINCT FROM $2
     ORDER BY year, month, metric_name, unit, day, id`,
    [organisationId, invoiceId],
  );
}

const IS_STANDING = `status IN ('finalized', 'paid', 'refunded')`;
const IN_MONTHS = 'IN (SELECT * FROM unnest($2::int[], $3::int[]))';
const monthValues = (organisationId: string, months: readonly Month[]): string[] => [
  organisationId,
  bareArray(months.map(({ year }) => year)),
  bareArray(months.map(({ month }) => month)),
];

const STANDING = columns('invoices', ['year', 'month', 'currency', 'issued_at']);
/** An issued invoice has its instant. */
type StandingInvoice = RowOf<typeof STANDING> & { readonly issued_at: string };

/** The months, among the given ones, whose own invoice is issued and not cancelled. */
export const listStandingInvoices = (
  tx: LedgerTransaction,
  organisationId: string,
  months: readonly Month[],
): Promise<StandingInvoice[]> =>
  tx.query<StandingInvoice>(
    `SELECT ${STANDING} FROM invoices
     WHERE organisation_id = $1 AND ${IS_STANDING} AND (year, month) ${IN_MONTHS}`,
    monthValues(organisationId, months),
  );

export interface StandingLine extends Readonly<Row<'invoice_line_items'> & NarrowedLine> {
  readonly credited_total: string;
  readonly credited_late_amount: string;
  readonly credited_late_quantity: string;
  readonly credited_late_event_count: number;
}

/**
 * The lines of all such invoices that priced usage of these months, with what credit notes took back of them. A
 * proposal for late usage counts like an issued note, so later usage is rated on top of it. A dismissed one has
 * settled its usage too, but has given nothing back.
 */
export const listStandingLines = (
  tx: LedgerTransaction,
  organisationId: string,
  months: readonly Month[],
): Promise<StandingLine[]> =>
  tx.query<StandingLine>(
    `SELECT line.*, coalesce(c.total, 0) AS credited_total, coalesce(c.late_amount, 0) AS credited_late_amount,
       coalesce(c.late_quantity, 0) AS credited_late_quantity,
       coalesce(c.late_event_count, 0) AS credited_late_event_count
     FROM invoice_line_items line
     JOIN invoices i ON i.organisation_id = line.organisation_id AND i.id = line.invoice_id
     LEFT JOIN LATERAL (
       SELECT sum(cl.total) FILTER (WHERE c.status <> 'dismissed') AS total,
         sum(cl.original_amount) FILTER (WHERE c.origin = 'late_usage') AS late_amount,
         sum(cl.quantity - cl.carried_quantity) FILTER (WHERE c.origin = 'late_usage') AS late_quantity,
         (sum(cl.event_count) FILTER (WHERE c.origin = 'late_usage'))::bigint AS late_event_count
       FROM credit_notes c
       JOIN credit_note_lines cl ON cl.organisation_id = c.organisation_id AND cl.credit_note_id = c.id
       WHERE c.organisation_id = line.organisation_id AND c.invoice_id = line.invoice_id
         AND cl.invoice_line_number = line.line_number
     ) c ON true
     WHERE line.organisation_id = $1 AND i.${IS_STANDING} AND (line.year, line.month) ${IN_MONTHS}
     ORDER BY i.issued_at, i.id, line.line_number`,
    monthValues(organisationId, months),
  );

/**
 * The hash of a group's event keys, as defined in events-hash.ts. Uses convert_to, because a cast to bytea
 * interprets backslashes.
 */
const KEYS_HASH = `encode(sha256(convert_to(string_agg(octet_length(idempotency_key) || ':' || idempotency_key, ''
  ORDER BY idempotency_key COLLATE "C"), 'UTF8')), 'hex')`;

/** Names all projects so that the index on (organisation, project, timestamp) is used. */
const OF_PROJECTS = `organisation_id = $1 AND project_id = ANY (ARRAY(SELECT id FROM projects WHERE organisation_id = $1))`;

/**
 * A day of the books at each level. `differs` is set if events, hours and days are not equal, or the sum of the
 * days and the month are not. A row without a day is a month without days.
 */
export interface BookedDay extends KeysHash {
  readonly metric_name: Row<'usage_daily'>['metric_name'];
  readonly unit: Row<'usage_daily'>['unit'];
  readonly differs: boolean;
  readonly events: Row<'usage_events'>['metric_value'] | null;
  readonly hourly: Row<'usage_hourly'>['total_value'] | null;
  readonly daily: Row<'usage_daily'>['total_value'] | null;
  readonly days: Row<'usage_daily'>['total_value'] | null;
  readonly monthly: Row<'usage_aggregates'>['total_value'] | null;
}

const EVENT = columns('usage_events', ['project_id', 'metric_name', 'unit', 'day']);
const HOUR = columns('usage_hourly', ['project_id', 'metric_name', 'unit', 'day']);
const DAY = columns('usage_daily', ['project_id', 'metric_name', 'unit', 'day']);
const MONTH = columns('usage_aggregates', ['project_id', 'metric_name', 'unit']);

// One statement gives one snapshot of all four levels, with a single scan of the events.
export const listBookedDays = (
  tx: LedgerTransaction,
  period: PeriodKey,
  { starts_at, ends_at }: Readonly<Pick<Row<'billing_periods'>, 'starts_at' | 'ends_at'>>,
): Promise<BookedDay[]> =>
  tx.query<BookedDay>(
    `WITH events AS (
       SELECT ${EVENT}, sum(metric_value) AS total, sum(event_count) AS n,
         ${KEYS_HASH} AS keys_hash
       FROM metered_events
       WHERE ${OF_PROJECTS} AND timestamp >= $6 AND timestamp < $7 AND adjustment_id IS NULL
       GROUP BY ${EVENT}
     ), hourly AS (
       SELECT ${HOUR}, sum(total_value) AS total, sum(event_count) AS n
       FROM usage_hourly WHERE ${OF_PROJECTS} AND day BETWEEN $2 AND $3 GROUP BY ${HOUR}
     ), daily AS (
       SELECT ${DAY}, total_value AS total, event_count AS n,
         sum(total_value) OVER month AS days, sum(event_count) OVER month AS days_n
       FROM usage_daily WHERE ${OF_PROJECTS} AND day BETWEEN $2 AND $3
       WINDOW month AS (PARTITION BY project_id, metric_name, unit)
     ), monthly AS (
       SELECT ${MONTH}, total_value AS total, event_count AS n
       FROM usage_aggregates WHERE organisation_id = $1 AND year = $4 AND month = $5
     )
     SELECT project_id, metric_name, unit, day, coalesce(e.n, 0) AS event_count, coalesce(e.keys_hash, '') AS keys_hash,
       e.total AS events, h.total AS hourly, d.total AS daily, d.days, m.total AS monthly,
       (e.total, e.n) IS DISTINCT FROM (h.total, h.n) OR (h.total, h.n) IS DISTINCT FROM (d.total, d.n)
         OR (d.days, d.days_n) IS DISTINCT FROM (m.total, m.n) AS differs
     FROM events e FULL JOIN hourly h USING (project_id, metric_name, unit, day)
       FULL JOIN daily d USING (project_id, metric_name, unit, day)
       FULL JOIN monthly m USING (project_id, metric_name, unit)`,
    [
      period.organisation_id,
      firstDay(period),
      lastDay(period),
      period.year,
      period.month,
      starts_at,
      ends_at,
    ],
  );

const LATE_HOUR = columns('usage_adjustments', ['project_id', 'hour'], 'a');
const LATE_EVENT = columns('usage_events', ['project_id', 'day', 'idempotency_key']);

export interface LateKeysHash extends KeysHash {
  readonly part: number;
}

/** The events of late adjustments by part, project and day. `partOf` maps each adjustment to its part. */
export async function listLateEvents(
  tx: LedgerTransaction,
  organisationId: string,
  partOf: ReadonlyMap<string, number>,
): Promise<LateKeysHash[]> {
  if (partOf.size === 0) return [];
  // An adjustment holds the events of one local hour. The bound on the timestamp makes the index usable; OFFSET 0
  // makes the planner use it once per adjustment instead of joining all of the organisation's events.
  return await tx.query<LateKeysHash>(
    `WITH late AS MATERIALIZED (
       SELECT c.adjustment_id, c.part, ${LATE_HOUR}
       FROM unnest($2::uuid[], $3::int[]) AS c(adjustment_id, part)
       JOIN usage_adjustments a ON a.organisation_id = $1 AND a.id = c.adjustment_id AND a.kind = 'late')
     SELECT late.part, e.project_id, e.day, sum(e.event_count)::bigint AS event_count, ${KEYS_HASH} AS keys_hash
     FROM late CROSS JOIN LATERAL (
       SELECT ${LATE_EVENT}, event_count FROM metered_events
       WHERE organisation_id = $1 AND project_id = late.project_id AND timestamp >= late.hour
         AND timestamp < late.hour + $4 * interval '1 millisecond' AND adjustment_id = late.adjustment_id
       OFFSET 0) e
     GROUP BY late.part, e.project_id, e.day`,
    [organisationId, bareArray([...partOf.keys()]), bareArray([...partOf.values()]), HOUR_MS],
  );
}
