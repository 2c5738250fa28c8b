import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import { getOwned } from '../../tenants/tenant-scope.ts';
import { type DiscountRow, findDiscount, listDiscounts as listDiscountRows } from './store.ts';

export interface DiscountFilter {
  readonly organisation_id?: string | undefined;
}

export const listDiscounts = (
  ctx: Ctx,
  filter: DiscountFilter,
  page: PageInput,
): Promise<Page<DiscountRow>> =>
  readWithin(ctx, filter, (tx, narrowed) => listDiscountRows(tx, narrowed, page));

/** Throws `not_found`. */
export const getDiscount = (ctx: Ctx, { id }: { readonly id: string }): Promise<DiscountRow> =>
  getOwned(ctx, 'discounts', id, (tx, organisationId) => findDiscount(tx, organisationId, id));
