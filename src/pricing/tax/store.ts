/** The SQL of tax rates; they are the same for every tenant. */
import type { Page, PageInput } from '../../core/page.ts';
import { bareArray } from '../../db/array-literal.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import { taxRates } from '../../db/tables/pricing.ts';
import type { TaxRate } from './tax-rate.ts';

export type TaxRateRow = typeof taxRates.$inferSelect;

export async function insertTaxRate(
  tx: LedgerTransaction,
  row: typeof taxRates.$inferInsert,
): Promise<TaxRateRow> {
  const [inserted] = await tx.orm.insert(taxRates).values(row).returning();
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
  const [row] = await tx.query<TaxRateRow>(
    'UPDATE tax_rates SET effective_to = $2, updated_at = now() WHERE id = $1 RETURNING *',
    [id, effectiveTo],
  );
  if (!row) throw new Error('the tax rate was not ended');
  return row;
}

export const listTaxRatesPage = (
  tx: LedgerTransaction,
  filter: { country?: string | undefined; category?: string | undefined },
  page: PageInput,
): Promise<Page<TaxRateRow>> =>
  listRows(
    tx,
    {
      select: '*',
      from: 'tax_rates',
      filters: [
        ['country =', filter.country],
        ['category =', filter.category],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

/** The rates of all categories that are in force in these countries on the day. */
export async function listTaxRates(
  tx: LedgerTransaction,
  countries: readonly string[],
  day: string,
): Promise<TaxRate[]> {
  if (countries.length === 0) return [];
  return await tx.query<TaxRate>(
    `SELECT country, category, rate, effective_from, effective_to FROM tax_rates
     WHERE country = ANY ($1::text[]) AND effective_from <= $2 AND (effective_to IS NULL OR effective_to > $2)
     ORDER BY country, category`,
    [bareArray(countries), day],
  );
}
