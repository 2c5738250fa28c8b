import { getVisible, readVisible } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { ExchangeRate } from './exchange-rate.ts';
import { findRate, listRates } from './store.ts';

export interface ExchangeRateFilter {
  readonly base_currency?: string | undefined;
  readonly target_currency?: string | undefined;
  readonly source?: string | undefined;
  /** RFC 3339: only rates in force at this instant. */
  readonly at?: string | undefined;
}

export const listExchangeRates = (
  ctx: Ctx,
  filter: ExchangeRateFilter,
  page: PageInput,
): Promise<Page<ExchangeRate>> => readVisible(ctx, (tx) => listRates(tx, filter, page));

/** Throws `not_found`. */
export const getExchangeRate = (ctx: Ctx, { id }: { readonly id: string }): Promise<ExchangeRate> =>
  getVisible(ctx, 'exchange rate', id, findRate);
