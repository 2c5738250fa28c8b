/** The SQL of invoice lines. */
import { bareArray, columnArrays } from '../db/array-literal.ts';
import { type Bindings, makeBindings } from '../db/bindings.ts';
import { columns, type RowOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
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
] as const satisfies readonly (readonly [keyof LineItem, string])[];

const KEY = columns('invoice_line_items', ['organisation_id', 'invoice_id', 'id']);
const OF_INVOICE = columns('invoice_line_items', ['invoice_id']);
const LINE = columns(
  'invoice_line_items',
  LINE_COLUMNS.map(([name]) => name),
);

/** The columns with a narrower type than their table declares. */
export type NarrowedLine = Pick<LineItem, 'kind' | 'taxes' | 'tiers' | 'by_project'>;

/** `INSERT … SELECT` of an invoice's lines, as part of a statement with these bindings. */
export function insertLinesOf(
  { organisation_id, id, line_items }: Pick<Invoice, 'organisation_id' | 'id' | 'line_items'>,
  lineIds: readonly string[],
  { bind }: Bindings,
): string {
  const arrays = columnArrays(line_items, LINE_COLUMNS);
  const bound = LINE_COLUMNS.map(([, type], index) => `${bind(arrays[index])}::${type}[]`).join(', ');
  return `INSERT INTO invoice_line_items (${KEY}, ${LINE})
    SELECT ${bind(organisation_id)}::uuid, ${bind(id)}::uuid, r.* FROM unnest(${bind(bareArray(lineIds))}::uuid[], ${bound}) AS r`;
}

/** Replaces a draft's lines. The insert counts the deleted rows first, so their line numbers are free again. */
export async function replaceLines(
  tx: LedgerTransaction,
  invoice: Invoice,
  lineIds: readonly string[],
): Promise<void> {
  const bindings = makeBindings();
  const { bind, values } = bindings;
  await tx.execute(
    `WITH gone AS (DELETE FROM invoice_line_items
       WHERE organisation_id = ${bind(invoice.organisation_id)} AND invoice_id = ${bind(invoice.id)} RETURNING 1)
     ${insertLinesOf(invoice, lineIds, bindings)} WHERE (SELECT count(*) FROM gone) >= 0`,
    values,
  );
}

export async function withLines(
  tx: LedgerTransaction,
  invoices: readonly (InvoiceRow & InvoiceBalance)[],
): Promise<Invoice[]> {
  if (invoices.length === 0) return [];
  const lines = await tx.query<RowOf<typeof OF_INVOICE> & RowOf<typeof LINE> & NarrowedLine>(
    `SELECT ${OF_INVOICE}, ${LINE} FROM invoice_line_items
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
