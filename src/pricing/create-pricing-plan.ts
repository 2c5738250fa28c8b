import { appendAudit, PLATFORM_CHAIN } from '../audit/append-audit.ts';
import { AppError, invalidRequest, parentNotFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM, tenant } from '../db/ledger.ts';
import { isExclusionViolation } from '../db/sql-state.ts';
import { publishEveryone, publishOrganisations } from '../tenants/publish-directory.ts';
import { findOrganisation, touchPublication } from '../tenants/store.ts';
import { findPlanFaults, type PlanInput } from './plan-rules.ts';
import { insertPlan, type PricingPlan } from './store.ts';

export interface CreatePricingPlanInput extends PlanInput {
  readonly metric_name: string;
  readonly unit: string;
}

/** Throws `invalid_request` with every fault of the plan, `not_found` for an unknown organisation, `plan_overlap` where another version rules on one of its days. */
export async function createPricingPlan(ctx: Ctx, input: CreatePricingPlanInput): Promise<PricingPlan> {
  const faults = findPlanFaults(input);
  if (faults.length > 0) throw invalidRequest(faults);
  const organisation_id = input.organisation_id ?? null;
  try {
    const plan = await ctx.ledger.transaction(
      organisation_id === null ? PLATFORM : tenant(organisation_id),
      async (tx) => {
        if (organisation_id !== null && !(await findOrganisation(tx, organisation_id))) {
          throw parentNotFound('/organisation_id', 'organisation');
        }
        const id = uuidv7(ctx.now);
        // First what locks one row: two writers of the same price would else wait for each other in its exclusion constraint.
        if (organisation_id !== null) await touchPublication(tx, organisation_id);
        await appendAudit(tx, ctx, {
          organisation_id: organisation_id ?? PLATFORM_CHAIN,
          entity_type: 'pricing_plan',
          entity_id: id,
          action: 'pricing_plan.create',
          changes: { ...input },
        });
        return await insertPlan(tx, { ...input, organisation_id, id });
      },
    );
    await (organisation_id === null ? publishEveryone(ctx) : publishOrganisations(ctx, [organisation_id]));
    return plan;
  } catch (error) {
    if (!isExclusionViolation(error)) throw error;
    throw new AppError(
      'plan_overlap',
      'Another version of this price (same organisation, metric, unit and currency) rules on some of these days.',
    );
  }
}
