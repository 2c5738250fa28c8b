import { add, type Decimal, decimal, fromInteger, multiply } from '../../core/decimal.ts';
import { percentOf } from '../../core/percent.ts';
import { type Charge, fieldOf, type PlanVersion } from './charge-model.ts';

/**
 * For a quantity that is money itself, in the plan's currency: billable × rate / 100, plus fixed_amount per event.
 * Events within the included units count too. Exact.
 *
 * A cost of 12.3456 USD in 3 events, at a rate of 120 and 0.01 for each: 12.3456 × 1.2 + 3 × 0.01 = 14.84472.
 */
export function ratePercentage(plan: PlanVersion, billable: Decimal, eventCount: number): Charge {
  const fixed = multiply(decimal(plan.fixed_amount ?? '0'), fromInteger(BigInt(eventCount)));
  const amount = add(percentOf(billable, fieldOf(plan, 'rate')), fixed);
  return { amount, unit_price: null, tiers: null };
}
