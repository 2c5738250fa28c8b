/** The SQL of exports, page by page. Amounts and quantities are exported as stored. */
import { type Page, pageOf } from '../../core/page.ts';
import { columns } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { BALANCE_COLUMNS, WITH_BALANCE } from '../../invoicing/balance-store.ts';
import type { InvoiceFilter } from '../../invoicing/store.ts';

export type ExportedRow = Readonly<Record<string, string | number | null>>;

const INVOICE = columns(
  'invoices',
  [
    'organisation_id',
    'id',
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
    'issued_at',
    'due_date',
    'paid_at',
    'cancelled_at',
    'created_at',
    'original_currency',
    'exchange_rate',
    'conversion_date',
  ],
  'i',
);

const LINE = columns(
  'invoice_line_items',
  [
    'id',
    'line_number',
    'kind',
    'description',
    'metric_name',
    'unit',
    'quantity',
    'unit_price',
    'total',
    'currency',
    'discount_amount',
    'tax_amount',
    'original_currency',
    'original_amount',
    'exchange_rate',
    'hsn_sac',
    'tax_category',
    'year',
    'month',
    'first_day',
    'last_day',
    'event_count',
  ],
  'l',
);

/** The same filters for invoices and for their lines, as parameters $1 to $4. */
const FILTER = `($1::uuid IS NULL OR i.organisation_id = $1) AND ($2::text IS NULL OR i.status = $2)
  AND ($3::int IS NULL OR i.year = $3) AND ($4::int IS NULL OR i.month = $4)`;
const valuesOf = ({ organisation_id, status, year, month }: InvoiceFilter): unknown[] => [
  organisation_id ?? null,
  status ?? null,
  year ?? null,
  month ?? null,
];

export async function listExportedInvoices(
  tx: LedgerTransaction,
  filter: InvoiceFilter,
  after: string | null,
  limit: number,
): Promise<Page<ExportedRow>> {
  const rows = await tx.query<ExportedRow>(
    `SELECT ${INVOICE}, ${BALANCE_COLUMNS}
     FROM ${WITH_BALANCE}
     WHERE ${FILTER} AND ($5::uuid IS NULL OR i.id > $5) ORDER BY i.id LIMIT $6`,
    [...valuesOf(filter), after, limit + 1],
  );
  return pageOf(rows, limit, (row) => String(row['id']));
}

// Sorted along the unique index of lines, within one organisation or organisation by organisation.
export async function listExportedLines(
  tx: LedgerTransaction,
  filter: InvoiceFilter,
  after: string | null,
  limit: number,
): Promise<Page<ExportedRow>> {
  const [organisationId = null, invoiceId = null, lineNumber = null] = after?.split(' ') ?? [];
  const rows = await tx.query<ExportedRow>(
    `SELECT l.organisation_id, l.invoice_id, i.invoice_number, i.status AS invoice_status,
       ${LINE}
     FROM invoice_line_items l JOIN invoices i ON i.organisation_id = l.organisation_id AND i.id = l.invoice_id
     WHERE ${FILTER} AND ($5::uuid IS NULL OR (l.organisation_id, l.invoice_id, l.line_number) > ($5, $6::uuid, $7::int))
     ORDER BY l.organisation_id, l.invoice_id, l.line_number LIMIT $8`,
    [...valuesOf(filter), organisationId, invoiceId, lineNumber, limit + 1],
  );
  return pageOf(rows, limit, (row) => `${row['organisation_id']} ${row['invoice_id']} ${row['line_number']}`);
}
