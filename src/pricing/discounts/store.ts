/** The SQL of discounts. */
import type { Page, PageInput } from '../../core/page.ts';
import { insertOf, matching, NOW, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { NewRow, Row } from '../../db/rows.ts';

export type DiscountRow = Row<'discounts'>;

export async function insertDiscount(tx: LedgerTransaction, row: NewRow<'discounts'>): Promise<DiscountRow> {
  const { text, values } = insertOf('discounts', row);
  const [inserted] = await tx.query<DiscountRow>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the discount was not inserted');
  return inserted;
}

export async function findDiscount(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<DiscountRow | null> {
  const [row] = await tx.query<DiscountRow>(
    'SELECT * FROM discounts WHERE organisation_id = $1 AND id = $2',
    [organisationId, id],
  );
  return row ?? null;
}

export async function findDiscountLocked(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<DiscountRow | null> {
  const [row] = await tx.query<DiscountRow>(
    'SELECT * FROM discounts WHERE organisation_id = $1 AND id = $2 FOR UPDATE',
    [organisationId, id],
  );
  return row ?? null;
}

export async function setDiscountEnd(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  effectiveTo: string | null,
): Promise<DiscountRow> {
  const ended = { effective_to: effectiveTo, updated_at: NOW };
  const { text, values } = updateOf('discounts', ended, { organisation_id: organisationId, id });
  const [row] = await tx.query<DiscountRow>(`${text} RETURNING *`, values);
  if (!row) throw new Error('the discount was not changed');
  return row;
}

export const listDiscounts = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined },
  page: PageInput,
): Promise<Page<DiscountRow>> =>
  listRows<DiscountRow>(
    tx,
    {
      select: '*',
      from: 'discounts',
      filters: matching('discounts', filter, ['organisation_id']),
      key: 'id',
      order: 'asc',
    },
    page,
  );

/** Discounts in force on at least one day from first_day to last_day, in the order in which they are applied. */
export const listDiscountsFor = (
  tx: LedgerTransaction,
  organisationId: string,
  firstDay: string,
  lastDay: string,
): Promise<DiscountRow[]> =>
  tx.query<DiscountRow>(
    `SELECT * FROM discounts
     WHERE organisation_id = $1 AND effective_from <= $3 AND (effective_to IS NULL OR effective_to > $2)
     ORDER BY id`,
    [organisationId, firstDay, lastDay],
  );
