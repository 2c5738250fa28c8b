import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { decimal } from '../../core/decimal.ts';
import { AppError, invalidRequest, parentNotFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { dayOf, startOfDay } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, tenant } from '../../db/ledger.ts';
import { isExclusionViolation } from '../../db/sql-state.ts';
import { publishEveryone, publishOrganisations } from '../../tenants/publication/publish-directory.ts';
import { findOrganisation, touchPublication } from '../../tenants/store.ts';
import { findRates } from '../fx/find-rates.ts';
import {
  type ConversionInput,
  convertPlan,
  findConversionFaults,
  type PlanConversion,
} from './convert-plan.ts';
import { findPlanFaults, type PlanInput } from './plan-rules.ts';
import { insertPlan, type PricingPlan } from './store.ts';

export interface CreatePricingPlanInput extends PlanInput, ConversionInput {
  readonly metric_name: string;
  readonly unit: string;
}

/**
 * With an `original_currency`, the input prices are in that currency. They are stored in `currency`, converted at
 * the rate in force at the first instant (UTC) of `conversion_date`; the audit row keeps the input prices. Throws
 * `invalid_request` with every fault of the plan, `not_found` for an unknown organisation, `exchange_rate_missing`,
 * `plan_overlap` if another version is in force on one of its days.
 */
export async function createPricingPlan(ctx: Ctx, input: CreatePricingPlanInput): Promise<PricingPlan> {
  const faults = [...findPlanFaults(input), ...findConversionFaults(input)];
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
        const { converted, conversion } = await convertInput(tx, ctx.now, input);
        // Take the row lock first. Otherwise two writers of the same price would deadlock in the exclusion
        // constraint.
        if (organisation_id !== null) await touchPublication(tx, organisation_id);
        await appendAudit(tx, ctx, {
          organisation_id: organisation_id ?? PLATFORM_CHAIN,
          entity_type: 'pricing_plan',
          entity_id: id,
          action: 'pricing_plan.create',
          changes: { ...input, ...conversion },
        });
        return await insertPlan(tx, { ...converted, ...conversion, organisation_id, id });
      },
    );
    await (organisation_id === null ? publishEveryone(ctx) : publishOrganisations(ctx, [organisation_id]));
    return plan;
  } catch (error) {
    if (!isExclusionViolation(error)) throw error;
    throw new AppError(
      'plan_overlap',
      'Another plan version for the same organisation, metric, unit and currency is in force on some of these days.',
    );
  }
}

async function convertInput(
  tx: LedgerTransaction,
  now: number,
  input: CreatePricingPlanInput,
): Promise<{
  converted: Omit<CreatePricingPlanInput, keyof ConversionInput>;
  conversion: PlanConversion | null;
}> {
  const { original_currency, conversion_date: day, ...given } = input;
  const { currency } = given;
  if (original_currency === null || original_currency === undefined) {
    return { converted: given, conversion: null };
  }
  const conversion_date = day ?? dayOf(now, 'UTC');
  const pair = { base: original_currency, target: currency };
  const rates = await findRates(tx, [pair], startOfDay(conversion_date, 'UTC'));
  const found = rates.get(original_currency, currency);
  if (!found) {
    const detail = `No rate from ${original_currency} to ${currency} is in force at 00:00 UTC on ${conversion_date}. Create one first.`;
    const errors = [{ pointer: '/original_currency', code: 'exchange_rate_missing', detail }];
    throw new AppError('exchange_rate_missing', detail, { errors });
  }
  const { plan, faults } = convertPlan(given, decimal(found.rate));
  if (faults.length > 0) throw invalidRequest(faults);
  return {
    converted: plan,
    conversion: { original_currency, exchange_rate: found.rate, conversion_date },
  };
}
