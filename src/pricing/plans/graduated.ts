import { compare, type Decimal, decimal, minimum, subtract, sum, ZERO } from '../../core/decimal.ts';
import type { Charge, PlanVersion, TierCharge } from './charge-model.ts';
import { chargeTier, tiersOf } from './tier-charge.ts';

/**
 * Each billable unit at the price of its tier, plus the flat fee of every tier entered.
 *
 * Tiers (0, 100] at 2 with fee 10, then at 1 with fee 5: 150 units = (100 × 2 + 10) + (50 × 1 + 5) = 265; 100 units
 * = 210, because the second tier is not entered.
 */
export function rateGraduated(plan: PlanVersion, billable: Decimal): Charge {
  const tiers: TierCharge[] = [];
  let from = ZERO;
  for (const tier of tiersOf(plan)) {
    if (compare(billable, from) <= 0) break;
    const to = tier.up_to === null ? billable : minimum(billable, decimal(tier.up_to));
    tiers.push(chargeTier(tier, from, subtract(to, from)));
    from = to;
  }
  return { amount: sum(tiers.map((tier) => decimal(tier.amount))), unit_price: null, tiers };
}
