import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { AppError, invalidRequest, notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import { isDay } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { findLastInvoicedDay, findPlanLocked, type PricingPlan, setPlanEnd } from './store.ts';

export interface EndPricingPlanInput {
  readonly id: string;
  /** The first day on which the version is no longer in force. */
  readonly effective_to: string;
}

/**
 * A version can only be ended, and its end can only be moved earlier. Throws `not_found`, `invalid_request`, and
 * `plan_in_use` unless the end is after the last day that an issued invoice priced with it.
 */
export async function endPricingPlan(
  ctx: Ctx,
  { id, effective_to }: EndPricingPlanInput,
): Promise<PricingPlan> {
  if (!isUuid(id)) throw notFound('pricing plan');
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const plan = await findPlanLocked(tx, id);
    if (!plan) throw notFound('pricing plan');
    if (plan.organisation_id !== null) await tx.enter(tenant(plan.organisation_id));
    const detail = !isDay(effective_to)
      ? 'Must be a valid date, YYYY-MM-DD.'
      : effective_to <= plan.effective_from
        ? 'Must be after effective_from.'
        : plan.effective_to !== null && effective_to > plan.effective_to
          ? 'effective_to is already set and can only be moved earlier.'
          : null;
    if (detail) throw invalidRequest([{ pointer: '/effective_to', code: 'invalid_date', detail }]);
    const invoiced = await findLastInvoicedDay(tx, id);
    if (invoiced !== null && effective_to <= invoiced) {
      throw new AppError(
        'plan_in_use',
        `An issued invoice uses this version for ${invoiced}. effective_to must be later.`,
      );
    }
    const ended = await setPlanEnd(tx, id, effective_to);
    await appendAudit(tx, ctx, {
      organisation_id: plan.organisation_id ?? PLATFORM_CHAIN,
      entity_type: 'pricing_plan',
      entity_id: id,
      action: 'pricing_plan.end',
      changes: { effective_to },
    });
    return ended;
  });
}
