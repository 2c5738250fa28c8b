/** The SQL of tax rates; they are the same for every tenant. */
import type { Page, PageInput } from '../../core/page.ts';
import { bareArray } from '../../db/array-literal.ts';
import { columns, insertOf, matching, NOW, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { NewRow, Row } from '../../db/rows.ts';
import type { TaxRate } from './tax-rate.ts';

export type TaxRateRow = Row<'tax_rates'>;

export async function insertTaxRate(tx: LedgerTransaction, row: NewRow<'tax_rates'>): Promise<TaxRateRow> {
  const { text, values } = insertOf('tax_rates', row);
  const [inserted] = await tx.query<TaxRateRow>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the tax rate was not inserted');
  return inserted;
}

export async function findTaxRate(tx: LedgerTransaction, id: string): Promise<TaxRateRow | null> {
  const [row] = await tx.query<TaxRateRow>('SELECT * FROM tax_rates WHERE id = $1', [id]);
  return row ?? null;
}

export async function findTaxRateLocked(tx: LedgerTransaction, id: string): Promise<TaxRateRow | null> {
  const [row] = await tx.query<TaxRateRow>('SELECT * FROM tax_rates WHERE id = $1 FOR UPDATE', [id]);
  return row ?? null;
}

export async function setTaxRateEnd(
  tx: LedgerTransaction,
  id: string,
  effectiveTo: string,
): Promise<TaxRateRow> {
  const { text, values } = updateOf('tax_rates', { effective_to: effectiveTo, updated_at: NOW }, { id });
  const [row] = await tx.query<TaxRateRow>(`${text} RETURNING *`, values);
  if (!row) throw new Error('the tax rate was not ended');
  return row;
}

export const listTaxRatesPage = (
  tx: LedgerTransaction,
  filter: { country?: string | undefined; category?: string | undefined },
  page: PageInput,
): Promise<Page<TaxRateRow>> =>
  listRows<TaxRateRow>(
    tx,
    {
      select: '*',
      from: 'tax_rates',
      filters: matching('tax_rates', filter, ['country', 'category']),
      key: 'id',
      order: 'asc',
    },
    page,
  );

const RATE = columns('tax_rates', ['country', 'category', 'rate', 'effective_from', 'effective_to']);

/** The rates of all categories in force in these countries on a day. */
export async function listTaxRates(
  tx: LedgerTransaction,
  countries: readonly string[],
  day: string,
): Promise<TaxRate[]> {
  if (countries.length === 0) return [];
  return await tx.query<RowOf<typeof RATE>>(
    `SELECT ${RATE} FROM tax_rates
     WHERE country = ANY ($1::text[]) AND effective_from <= $2 AND (effective_to IS NULL OR effective_to > $2)
     ORDER BY country, category`,
    [bareArray(countries), day],
  );
}
