import { getVisible, readVisible } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import {
  type BillingEntity,
  findBillingEntity,
  listBillingEntities as listBillingEntityRows,
} from './store.ts';

export const listBillingEntities = (ctx: Ctx, page: PageInput): Promise<Page<BillingEntity>> =>
  readVisible(ctx, (tx) => listBillingEntityRows(tx, page));

/** Throws `not_found`. */
export const getBillingEntity = (ctx: Ctx, { id }: { readonly id: string }): Promise<BillingEntity> =>
  getVisible(ctx, 'billing entity', id, findBillingEntity);
