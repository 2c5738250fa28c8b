/** The SQL of invoices and their numbers. What an invoice is built from is read in book-store.ts. */

import { assert } from '../core/error.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Month } from '../core/time.ts';
import { columns, insertOf, matching, NOW, pick, type RowOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import type { Row } from '../db/rows.ts';
import { BALANCE_COLUMNS, WITH_BALANCE } from './balance-store.ts';
import type { Invoice, InvoiceRow, InvoiceStatus } from './invoice.ts';
import { insertLinesOf, withLines } from './line-store.ts';
import type { Buyer, Seller } from './parties.ts';

const ORGANISATION = columns(
  'organisations',
  ['payment_terms_days', 'grace_hours', 'block_unpriced', 'shard', 'billing_entity_id'],
  'o',
);

/** The organisation's data for invoices, with its seller. */
export interface Account extends Readonly<RowOf<typeof ORGANISATION>> {
  readonly organisation_id: Row<'organisations'>['id'];
  readonly organisation_timezone: Row<'organisations'>['timezone'];
  readonly buyer: Buyer;
  readonly seller: Seller;
}

/** `buyer` and `seller` are whole rows as JSON: the tables have each column that their types name. */
type AccountRow = Account & {
  readonly buyer: Pick<Row<'organisations'>, keyof Buyer>;
  readonly seller: Pick<Row<'billing_entities'>, keyof Seller>;
};

const ACCOUNT_COLUMNS = `o.id AS organisation_id, o.timezone AS organisation_timezone, ${ORGANISATION},
  to_jsonb(o) AS buyer, to_jsonb(e) AS seller`;

const BOUNDS = columns('billing_periods', ['starts_at', 'ends_at'], 'p');

interface PeriodColumns {
  readonly starts_at: RowOf<typeof BOUNDS>['starts_at'] | null;
  readonly ends_at: RowOf<typeof BOUNDS>['ends_at'] | null;
  readonly period_timezone: Row<'billing_periods'>['timezone'] | null;
  readonly period_currency: Row<'billing_periods'>['currency'] | null;
  readonly draft_id: Row<'invoices'>['id'] | null;
  /** Whether the month has a draft or an issued invoice that is not cancelled. */
  readonly is_invoiced: boolean;
}

export type AccountOfMonth = Account & PeriodColumns;

/**
 * The organisation, the month's period if it exists, and its draft. `lock`: until the transaction ends, no other
 * invoice of the organisation is written, so two invoices cannot claim or price the same adjustments. The roll-up
 * and foreign key checks are not blocked.
 */
export async function findAccount(
  tx: LedgerTransaction,
  organisationId: string,
  { year, month }: Month,
  lock: boolean,
): Promise<AccountOfMonth | null> {
  const [row] = await tx.query<AccountRow & PeriodColumns>(
    `SELECT ${ACCOUNT_COLUMNS}, ${BOUNDS}, p.timezone AS period_timezone, p.currency AS period_currency,
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

const NAMES = [
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
  'subtotal',
  'discount_total',
  'tax_total',
  'total',
  'discounts',
  'taxes',
  'reverse_charge',
  'unpriced',
  'conversions',
  'original_currency',
  'exchange_rate',
  'conversion_date',
  'template_id',
  'pdf_url',
  'pdf_sha256',
  'pdf_generated_at',
  'issued_at',
  'due_date',
  'paid_at',
  'cancelled_at',
  'created_at',
  'updated_at',
] as const;
const INVOICE = columns('invoices', NAMES, 'i');
type StoredInvoice = RowOf<typeof INVOICE> &
  Pick<InvoiceRow, 'status' | 'discounts' | 'taxes' | 'conversions'>;

export interface InvoiceState {
  readonly invoice: InvoiceRow;
  readonly account: Account;
  readonly period_status: 'open' | 'closed';
  /** Unresolved rows in the organisation's quarantine. */
  readonly quarantined: number;
}

const PERIOD_STATUS = columns('billing_periods', ['status'], 'p');

/** An invoice and its account. `lock` as in findAccount, plus the invoice's own row. */
export async function findInvoiceState(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  lock: boolean,
): Promise<InvoiceState | null> {
  const [row] = await tx.query<
    AccountRow &
      Pick<InvoiceState, 'period_status' | 'quarantined'> & {
        [Column in keyof StoredInvoice as `i_${Column}`]: StoredInvoice[Column];
      }
  >(
    `SELECT ${NAMES.map((name) => `i.${name} AS i_${name}`).join(', ')}, ${ACCOUNT_COLUMNS},
       ${PERIOD_STATUS} AS period_status,
       (SELECT count(*) FROM event_quarantine q
        WHERE q.organisation_id = o.id AND q.resolved_at IS NULL) AS quarantined
     FROM organisations o JOIN invoices i ON i.organisation_id = o.id
     JOIN billing_entities e ON e.id = o.billing_entity_id
     JOIN billing_periods p ON p.organisation_id = o.id AND p.year = i.year AND p.month = i.month
     WHERE o.id = $1 AND i.id = $2 ${lock ? 'FOR NO KEY UPDATE OF o, i' : ''}`,
    [organisationId, id],
  );
  if (!row) return null;
  const invoice = Object.fromEntries(NAMES.map((name) => [name, row[`i_${name}`]]));
  return {
    invoice: invoice as StoredInvoice,
    account: row,
    period_status: row.period_status,
    quarantined: row.quarantined,
  };
}

export async function insertInvoice(
  tx: LedgerTransaction,
  invoice: Invoice,
  lineIds: readonly string[],
): Promise<void> {
  const insertion = insertOf('invoices', pick(invoice, NAMES));
  await tx.execute(
    `WITH invoice AS (${insertion.text})
     ${insertLinesOf(invoice, lineIds, insertion)}`,
    insertion.values,
  );
}

/** Written once when the draft is created, or by later changes to an issued invoice. */
const FIXED_COLUMNS: readonly (keyof StoredInvoice)[] = [
  'organisation_id',
  'id',
  'year',
  'month',
  'period_start',
  'period_end',
  'timezone',
  'currency',
  'pdf_url',
  'pdf_sha256',
  'pdf_generated_at',
  'cancelled_at',
  'created_at',
];
const DRAFT_COLUMNS = NAMES.filter((name) => !FIXED_COLUMNS.includes(name));

/** Writes the columns that may change while an invoice is a draft, including on finalization. */
export async function updateDraft(tx: LedgerTransaction, invoice: Invoice): Promise<void> {
  const { organisation_id, id } = invoice;
  const { text, values } = updateOf('invoices', pick(invoice, DRAFT_COLUMNS), {
    organisation_id,
    id,
    status: 'draft',
  });
  await tx.execute(text, values);
}

export async function setCancelled(tx: LedgerTransaction, invoice: InvoiceRow): Promise<void> {
  const { organisation_id, id, cancelled_at } = invoice;
  assert(cancelled_at !== null, 'a cancelled invoice has its instant');
  const { text, values } = updateOf(
    'invoices',
    { status: 'cancelled', cancelled_at, updated_at: cancelled_at },
    { organisation_id, id },
  );
  await tx.execute(text, values);
}

/** Marks it as settled in full, by payment or credit. False if the invoice is not finalized. */
export async function setPaid(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  paidAt: string,
): Promise<boolean> {
  const { text, values } = updateOf(
    'invoices',
    { status: 'paid', paid_at: paidAt, updated_at: NOW },
    { organisation_id: organisationId, id, status: 'finalized' },
  );
  return (await tx.execute(text, values)) === 1;
}

/**
 * The next number of the seller's series and year. The counter's row stays locked until the transaction ends and
 * rolls back with it. That avoids gaps, which a sequence would leave. Take it as late as possible.
 */
export async function takeNumber(
  tx: LedgerTransaction,
  counter: Readonly<Pick<Row<'invoice_counters'>, 'billing_entity_id' | 'series' | 'financial_year'>>,
): Promise<number> {
  const { billing_entity_id, series, financial_year } = counter;
  const { text, values } = insertOf('invoice_counters', {
    billing_entity_id,
    series,
    financial_year,
    last_number: 1,
  });
  const [row] = await tx.query<Pick<Row<'invoice_counters'>, 'last_number'>>(
    `${text} ON CONFLICT (billing_entity_id, series, financial_year)
       DO UPDATE SET last_number = invoice_counters.last_number + 1
     RETURNING last_number`,
    values,
  );
  if (!row) throw new Error('the counter gave no number');
  return row.last_number;
}

export async function findInvoice(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<Invoice | null> {
  const rows = await tx.query<StoredInvoice & RowOf<typeof BALANCE_COLUMNS>>(
    `SELECT ${READ_COLUMNS} FROM ${WITH_BALANCE} WHERE i.organisation_id = $1 AND i.id = $2`,
    [organisationId, id],
  );
  return (await withLines(tx, rows))[0] ?? null;
}

const READ_COLUMNS = `${INVOICE}, ${BALANCE_COLUMNS}`;

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
  const { data, nextAfter } = await listRows<StoredInvoice & RowOf<typeof BALANCE_COLUMNS>>(
    tx,
    {
      select: READ_COLUMNS,
      from: WITH_BALANCE,
      filters: matching('invoices', filter, ['organisation_id', 'status', 'year', 'month'], 'i'),
      key: 'i.id',
      order: 'asc',
    },
    page,
  );
  return { data: await withLines(tx, data), nextAfter };
}
