import { getVisible, readVisible } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import { findTaxRate, listTaxRatesPage, type TaxRateRow } from './store.ts';

export interface TaxRateFilter {
  readonly country?: string | undefined;
  readonly category?: string | undefined;
}

export const listTaxRates = (ctx: Ctx, filter: TaxRateFilter, page: PageInput): Promise<Page<TaxRateRow>> =>
  readVisible(ctx, (tx) => listTaxRatesPage(tx, filter, page));

/** Throws `not_found`. */
export const getTaxRate = (ctx: Ctx, { id }: { readonly id: string }): Promise<TaxRateRow> =>
  getVisible(ctx, 'tax rate', id, findTaxRate);
