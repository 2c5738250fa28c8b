/** The SQL of invoices, their lines and their numbers. What an invoice is made of is read in book-store.ts. */
import type { Page, PageInput } from '../core/page.ts';
import type { Month } from '../core/time.ts';
import { bareArray, textArray } from '../db/array-literal.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import type { Invoice, InvoiceRow, InvoiceStatus, LineItem } from './invoice.ts';

/** An organisation as an invoice needs it, with its seller. */
export interface Account {
  readonly organisation_id: string;
  readonly organisation_timezone: string;
  readonly payment_terms_days: number;
  readonly grace_hours: number;
  readonly block_unpriced: boolean;
  readonly shard: number;
  readonly billing_entity_id: string;
  readonly series: string;
  readonly number_format: string;
  readonly financial_year_start_month: number;
  readonly entity_timezone: string;
}

const ACCOUNT_COLUMNS = `o.id AS organisation_id, o.timezone AS organisation_timezone, o.payment_terms_days, o.grace_hours,
  o.block_unpriced, o.shard, o.billing_entity_id, e.series, e.number_format, e.financial_year_start_month,
  e.timezone AS entity_timezone`;

interface PeriodColumns {
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  readonly period_timezone: string | null;
  readonly period_currency: string | null;
  readonly draft_id: string | null;
  /** Whether the month has a live invoice, a draft or an issued one. */
  readonly is_invoiced: boolean;
}

export type AccountOfMonth = Account & PeriodColumns;

/**
 * The organisation, the month's period where it exists, and its draft. `lock`: until the transaction ends no other
 * invoice of the organisation is written, so that two of them cannot claim or price the same adjustments; the roll-up and
 * its foreign keys are not held up.
 */
export async function findAccount(
  tx: LedgerTransaction,
  organisationId: string,
  { year, month }: Month,
  lock: boolean,
): Promise<AccountOfMonth | null> {
  const [row] = await tx.query<AccountOfMonth>(
    `SELECT ${ACCOUNT_COLUMNS}, p.starts_at, p.ends_at, p.timezone AS period_timezone, p.currency AS period_currency,
       (SELECT i.id FROM invoices i
        WHERE i.organisation_id = o.id AND i.year = $2 AND i.month = $3 AND i.status = 'draft') AS draft_id,
       EXISTS (SELECT 1 FROM invoices i
        WHERE i.organisation_id = o.id AND i.year = $2 AND i.month = $3 AND i.status <> 'cancelled') AS is_invoiced
     FROM organisations o JOIN billing_entities e ON e.id = o.billing_entity_id
     LEFT JOIN billing_periods p ON p.organisation_id = o.id AND p.year = $2 AND p.month = $3
     WHERE o.id = $1 ${lock ? 'FOR NO KEY UPDATE OF o' : ''}`,
    [organisationId, year, month],
  );
  return row ?? null;
}

const INVOICE_COLUMNS = [
  'organisation_id',
  'id',
  'billing_entity_id',
  'invoice_number',
  'status',
  'year',
  'month',
  'period_start',
  'period_end',
  'timezone',
  'currency',
  'total',
  'unpriced',
  'issued_at',
  'due_date',
  'paid_at',
  'cancelled_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof InvoiceRow)[];

export interface InvoiceState {
  readonly invoice: InvoiceRow;
  readonly account: Account;
  readonly period_status: 'open' | 'closed';
  /** Rows of the organisation's quarantine that nobody has resolved. */
  readonly quarantined: number;
}

/** An invoice and its account; `lock` as for findAccount, and the invoice's own row with it. */
export async function findInvoiceState(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  lock: boolean,
): Promise<InvoiceState | null> {
  const [row] = await tx.query<
    Account & { period_status: 'open' | 'closed'; quarantined: number } & {
      [Column in keyof InvoiceRow as `i_${Column}`]: InvoiceRow[Column];
    }
  >(
    `SELECT ${INVOICE_COLUMNS.map((column) => `i.${column} AS i_${column}`).join(', ')}, ${ACCOUNT_COLUMNS},
       p.status AS period_status,
       (SELECT count(*) FROM event_quarantine q
        WHERE q.organisation_id = o.id AND q.resolved_at IS NULL) AS quarantined
     FROM organisations o JOIN invoices i ON i.organisation_id = o.id
     JOIN billing_entities e ON e.id = o.billing_entity_id
     JOIN billing_periods p ON p.organisation_id = o.id AND p.year = i.year AND p.month = i.month
     WHERE o.id = $1 AND i.id = $2 ${lock ? 'FOR NO KEY UPDATE OF o, i' : ''}`,
    [organisationId, id],
  );
  if (!row) return null;
  const invoice = Object.fromEntries(INVOICE_COLUMNS.map((column) => [column, row[`i_${column}`]]));
  return {
    invoice: invoice as unknown as InvoiceRow,
    account: row,
    period_status: row.period_status,
    quarantined: row.quarantined,
  };
}

const LINE_COLUMNS = [
  ['line_number', 'int'],
  ['kind', 'text'],
  ['description', 'text'],
  ['metric_name', 'text'],
  ['unit', 'text'],
  ['quantity', 'numeric'],
  ['unit_price', 'numeric'],
  ['total', 'numeric'],
  ['currency', 'text'],
  ['pricing_plan_id', 'uuid'],
  ['year', 'int'],
  ['month', 'int'],
  ['first_day', 'date'],
  ['last_day', 'date'],
  ['carried_quantity', 'numeric'],
  ['tiers', 'jsonb'],
  ['by_project', 'jsonb'],
  ['event_count', 'bigint'],
  ['events_hash', 'text'],
] as const satisfies readonly (readonly [keyof LineItem, string])[];

const LINE_NAMES = LINE_COLUMNS.map(([name]) => name).join(', ');

/** `INSERT … SELECT` of lines whose arrays begin at parameter $3, after organisation and invoice. */
const INSERT_LINES = `INSERT INTO invoice_line_items (organisation_id, invoice_id, id, ${LINE_NAMES})
  SELECT $1::uuid, $2::uuid, r.* FROM unnest($3::uuid[], ${LINE_COLUMNS.map(([, type], index) => `$${index + 4}::${type}[]`).join(', ')}) AS r`;
const PARAMETERS_OF_LINES = LINE_COLUMNS.length + 3;

function lineValues(ids: readonly string[], lines: readonly LineItem[]): string[] {
  const columns = LINE_COLUMNS.map(([name, type]) =>
    textArray(
      lines.map((line) => {
        const value = line[name];
        if (value === null) return null;
        return type === 'jsonb' ? JSON.stringify(value) : String(value);
      }),
    ),
  );
  return [bareArray(ids), ...columns];
}

export async function insertInvoice(
  tx: LedgerTransaction,
  invoice: Invoice,
  lineIds: readonly string[],
): Promise<void> {
  const first = PARAMETERS_OF_LINES + 1;
  await tx.execute(
    `WITH invoice AS (
       INSERT INTO invoices (organisation_id, id, ${OWN_COLUMNS.join(', ')})
       VALUES ($1, $2, ${OWN_COLUMNS.map((_, index) => `$${first + index}`).join(', ')}))
     ${INSERT_LINES}`,
    [
      invoice.organisation_id,
      invoice.id,
      ...lineValues(lineIds, invoice.line_items),
      ...OWN_COLUMNS.map((column) =>
        column === 'unpriced' ? JSON.stringify(invoice.unpriced) : invoice[column],
      ),
    ],
  );
}

const OWN_COLUMNS = INVOICE_COLUMNS.filter((column) => column !== 'organisation_id' && column !== 'id');

/** In place of a draft's lines. The insert counts the deleted rows first, so that none of their numbers is taken twice. */
export async function replaceLines(
  tx: LedgerTransaction,
  invoice: Invoice,
  lineIds: readonly string[],
): Promise<void> {
  await tx.execute(
    `WITH gone AS (DELETE FROM invoice_line_items WHERE organisation_id = $1 AND invoice_id = $2 RETURNING 1)
     ${INSERT_LINES} WHERE (SELECT count(*) FROM gone) >= 0`,
    [invoice.organisation_id, invoice.id, ...lineValues(lineIds, invoice.line_items)],
  );
}

/** Writes what may change while an invoice is a draft, its finalization included. */
export async function updateDraft(tx: LedgerTransaction, invoice: Invoice): Promise<void> {
  await tx.execute(
    `UPDATE invoices SET billing_entity_id = $3, total = $4, unpriced = $5, updated_at = $6, status = $7,
       invoice_number = $8, issued_at = $9, due_date = $10
     WHERE organisation_id = $1 AND id = $2 AND status = 'draft'`,
    [
      invoice.organisation_id,
      invoice.id,
      invoice.billing_entity_id,
      invoice.total,
      JSON.stringify(invoice.unpriced),
      invoice.updated_at,
      invoice.status,
      invoice.invoice_number,
      invoice.issued_at,
      invoice.due_date,
    ],
  );
}

export async function setCancelled(tx: LedgerTransaction, invoice: InvoiceRow): Promise<void> {
  await tx.execute(
    `UPDATE invoices SET status = 'cancelled', cancelled_at = $3, updated_at = $3
     WHERE organisation_id = $1 AND id = $2`,
    [invoice.organisation_id, invoice.id, invoice.cancelled_at],
  );
}

/**
 * The next number of the seller's series and year. Its row stays locked until the transaction ends, and rolls back with
 * it: that is what leaves no gap, and why a sequence would not do. Take it as late as possible.
 */
export async function takeNumber(
  tx: LedgerTransaction,
  counter: {
    readonly billing_entity_id: string;
    readonly series: string;
    readonly financial_year: string;
  },
): Promise<number> {
  const [row] = await tx.query<{ last_number: number }>(
    `INSERT INTO invoice_counters (billing_entity_id, series, financial_year, last_number) VALUES ($1, $2, $3, 1)
     ON CONFLICT (billing_entity_id, series, financial_year)
       DO UPDATE SET last_number = invoice_counters.last_number + 1
     RETURNING last_number`,
    [counter.billing_entity_id, counter.series, counter.financial_year],
  );
  if (!row) throw new Error('the counter gave no number');
  return row.last_number;
}

export async function insertOutbox(
  tx: LedgerTransaction,
  message: {
    organisation_id: string;
    id: string;
    topic: string;
    payload: Readonly<Record<string, unknown>>;
    created_at: string;
  },
): Promise<void> {
  await tx.execute(
    'INSERT INTO outbox (organisation_id, id, topic, payload, created_at) VALUES ($1, $2, $3, $4, $5)',
    [message.organisation_id, message.id, message.topic, JSON.stringify(message.payload), message.created_at],
  );
}

export async function findInvoice(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<Invoice | null> {
  const rows = await tx.query<InvoiceRow>(
    `SELECT ${INVOICE_COLUMNS.join(', ')} FROM invoices WHERE organisation_id = $1 AND id = $2`,
    [organisationId, id],
  );
  return (await withLines(tx, rows))[0] ?? null;
}

export interface InvoiceFilter {
  readonly organisation_id?: string | undefined;
  readonly status?: InvoiceStatus | undefined;
  readonly year?: number | undefined;
  readonly month?: number | undefined;
}

export async function listInvoiceRows(
  tx: LedgerTransaction,
  filter: InvoiceFilter,
  page: PageInput,
): Promise<Page<Invoice>> {
  const { data, nextAfter } = await listRows<InvoiceRow>(
    tx,
    {
      select: INVOICE_COLUMNS.join(', '),
      from: 'invoices',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['status =', filter.status],
        ['year =', filter.year],
        ['month =', filter.month],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );
  return { data: await withLines(tx, data), nextAfter };
}

async function withLines(tx: LedgerTransaction, invoices: readonly InvoiceRow[]): Promise<Invoice[]> {
  if (invoices.length === 0) return [];
  const lines = await tx.query<LineItem & { invoice_id: string }>(
    `SELECT invoice_id, ${LINE_NAMES} FROM invoice_line_items
     WHERE organisation_id = ANY ($1::uuid[]) AND invoice_id = ANY ($2::uuid[]) ORDER BY invoice_id, line_number`,
    [
      bareArray([...new Set(invoices.map((invoice) => invoice.organisation_id))]),
      bareArray(invoices.map((invoice) => invoice.id)),
    ],
  );
  const byInvoice = Map.groupBy(lines, (line) => line.invoice_id);
  return invoices.map((invoice) => ({
    ...invoice,
    line_items: (byInvoice.get(invoice.id) ?? []).map(({ invoice_id: _, ...line }) => line),
  }));
}
