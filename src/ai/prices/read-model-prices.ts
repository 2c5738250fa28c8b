import { getVisible, readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { TokenKind } from '../generation-row.ts';
import type { ModelPrice } from './model-price.ts';
import {
  findModelPrice,
  listModelPrices as listModelPriceRows,
  listUnpriced,
  type UnpricedModel,
} from './store.ts';

export interface ModelPriceFilter {
  readonly organisation_id?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly token_kind?: TokenKind | undefined;
  /** RFC 3339: only the prices in force at this instant. */
  readonly at?: string | undefined;
}

/** With an organisation, only its own prices. */
export const listModelPrices = (
  ctx: Ctx,
  filter: ModelPriceFilter,
  page: PageInput,
): Promise<Page<ModelPrice>> =>
  readWithin(ctx, filter, (tx, narrowed) => listModelPriceRows(tx, narrowed, page));

/** Throws `not_found`. */
export const getModelPrice = (ctx: Ctx, { id }: { readonly id: string }): Promise<ModelPrice> =>
  getVisible(ctx, 'model price', id, findModelPrice);

/** Models that have calls without a price, or priced only by a ceiling. */
export const listUnpricedModels = (
  ctx: Ctx,
  filter: { readonly organisation_id?: string | undefined },
  page: PageInput,
): Promise<Page<UnpricedModel>> =>
  readWithin(ctx, filter, (tx, narrowed) => listUnpriced(tx, narrowed, page));
