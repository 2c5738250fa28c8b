/** The SQL of invoice lines. */
import { bareArray, columnArrays } from '../db/array-literal.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';
import type { Invoice, InvoiceBalance, InvoiceRow, LineItem } from './invoice.ts';

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
  ['original_currency', 'text'],
  ['original_amount', 'numeric'],
  ['exchange_rate', 'numeric'],
  ['display_name', 'text'],
  ['hsn_sac', 'text'],
  ['tax_category', 'text'],
  ['discount_amount', 'numeric'],
  ['tax_amount', 'numeric'],
  ['taxes', 'jsonb'],
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
] as const satisfies readonly (readonly [keyof LineItem & keyof Row<'invoice_line_items'>, string])[];

const LINE_NAMES = LINE_COLUMNS.map(([name]) => name).join(', ');

/** `INSERT … SELECT` of lines; their arrays begin at parameter $3, after organisation and invoice. */
export const INSERT_LINES = `INSERT INTO invoice_line_items (organisation_id, invoice_id, id, ${LINE_NAMES})
  SELECT $1::uuid, $2::uuid, r.* FROM unnest($3::uuid[], ${LINE_COLUMNS.map(([, type], index) => `$${index + 4}::${type}[]`).join(', ')}) AS r`;
export const PARAMETERS_OF_LINES = LINE_COLUMNS.length + 3;

export const lineValues = (ids: readonly string[], lines: readonly LineItem[]): string[] => [
  bareArray(ids),
  ...columnArrays(lines, LINE_COLUMNS),
];

/** Replaces a draft's lines. The insert counts the deleted rows first, so their line numbers are free again. */
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

export async function withLines(
  tx: LedgerTransaction,
  invoices: readonly (InvoiceRow & InvoiceBalance)[],
): Promise<Invoice[]> {
  if (invoices.length === 0) return [];
  const lines = await tx.query<LineItem & Pick<Row<'invoice_line_items'>, 'invoice_id'>>(
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
