import { ONE, ZERO } from '../../core/decimal.ts';
import { firstDay, lastDay } from '../../core/time.ts';
import { rateFlat } from '../../pricing/plans/flat.ts';
import { type BillablePlan, type BillingInput, metricKeyOf } from './billing-input.ts';
import { type LineDraft, lineAmount, nameOf } from './line-draft.ts';
import { currencyMismatch, type PriceDays } from './price-days.ts';

/**
 * One line for each flat fee of the organisation in force on any day of the period, in full, with or without usage.
 * If versions of a fee follow one another within the period, the last one is charged. Throws `currency_mismatch`
 * for a fee that is priced only in another currency.
 */
export function buildFlatLines(input: BillingInput, prices: PriceDays): LineDraft[] {
  const flat = input.plans.filter((plan) => isFlatFeeOf(plan, input));
  return [...Map.groupBy(flat, metricKeyOf).values()].flatMap((versions) => {
    const [metric] = versions;
    if (!metric) return [];
    const ruled = prices(metric, input, input.currency).flatMap((segment) => {
      if (segment.kind === 'currency_mismatch')
        throw currencyMismatch(metric, segment.currencies, input.currency);
      return segment.kind === 'priced' && segment.plan.charge_model === 'flat' ? [segment] : [];
    });
    const [first, last] = [ruled[0], ruled.at(-1)];
    if (!first || !last) return [];
    const plan = last.plan as BillablePlan;
    const line: LineDraft = {
      kind: 'flat',
      description: `${nameOf(plan)}, flat fee`,
      plan,
      year: input.year,
      month: input.month,
      first_day: first.first_day,
      last_day: last.last_day,
      quantity: ONE,
      unit_price: null,
      tiers: null,
      ...lineAmount(input, plan, rateFlat(plan).amount),
      carried_quantity: ZERO,
      shares: [{ project_id: null, quantity: ONE }],
      event_count: 0,
      adjustment_ids: [],
    };
    return [line];
  });
}

const isFlatFeeOf = (plan: BillablePlan, input: BillingInput): boolean =>
  plan.charge_model === 'flat' &&
  plan.organisation_id === input.organisation_id &&
  plan.effective_from <= lastDay(input) &&
  (plan.effective_to === null || plan.effective_to > firstDay(input));
