import { getVisible, readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import { findPlan, listPlans, type PricingPlan } from './store.ts';

export interface PricingPlanFilter {
  readonly organisation_id?: string | undefined;
  readonly metric_name?: string | undefined;
  readonly unit?: string | undefined;
  readonly currency?: string | undefined;
}

export const listPricingPlans = (
  ctx: Ctx,
  filter: PricingPlanFilter,
  page: PageInput,
): Promise<Page<PricingPlan>> => readWithin(ctx, filter, (tx, narrowed) => listPlans(tx, narrowed, page));

/** Throws `not_found`. */
export const getPricingPlan = (ctx: Ctx, { id }: { readonly id: string }): Promise<PricingPlan> =>
  getVisible(ctx, 'pricing plan', id, findPlan);
