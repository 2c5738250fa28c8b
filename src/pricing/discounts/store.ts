/** The SQL of discounts. */
import { and, eq, sql } from 'drizzle-orm';
import type { Page, PageInput } from '../../core/page.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import { discounts } from '../../db/tables/pricing.ts';

export type DiscountRow = typeof discounts.$inferSelect;

export async function insertDiscount(
  tx: LedgerTransaction,
  row: typeof discounts.$inferInsert,
): Promise<DiscountRow> {
  const [inserted] = await tx.orm.insert(discounts).values(row).returning();
  if (!inserted) throw new Error('the discount was not inserted');
  return inserted;
}

export async function findDiscount(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<DiscountRow | null> {
  const [row] = await tx.orm.select().from(discounts).where(ofOrganisation(organisationId, id));
  return row ?? null;
}

export async function findDiscountLocked(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<DiscountRow | null> {
  const [row] = await tx.orm.select().from(discounts).where(ofOrganisation(organisationId, id)).for('update');
  return row ?? null;
}

export async function setDiscountEnd(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  effectiveTo: string | null,
): Promise<DiscountRow> {
  const [row] = await tx.orm
    .update(discounts)
    .set({ effective_to: effectiveTo, updated_at: sql`now()` })
    .where(ofOrganisation(organisationId, id))
    .returning();
  if (!row) throw new Error('the discount was not changed');
  return row;
}

const ofOrganisation = (organisationId: string, id: string) =>
  and(eq(discounts.organisation_id, organisationId), eq(discounts.id, id));

export const listDiscounts = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined },
  page: PageInput,
): Promise<Page<DiscountRow>> =>
  listRows(
    tx,
    {
      select: '*',
      from: 'discounts',
      filters: [['organisation_id =', filter.organisation_id]],
      key: 'id',
      order: 'asc',
    },
    page,
  );

/** Those that hold on one of the days from first_day to last_day, in the order in which they are applied. */
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
