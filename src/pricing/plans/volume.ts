import { compare, type Decimal, decimal, isZero, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import type { Charge, PlanVersion } from './charge-model.ts';
import { chargeTier, tiersOf } from './tier-charge.ts';

/**
 * All billable units at the price of the tier they reach, plus the flat fee of only that tier.
 *
 * Tiers (0, 100] at 2 with fee 10, then at 1 with fee 5: 100 units = 100 × 2 + 10 = 210; 101 units = 101 × 1 + 5 =
 * 106.
 */
export function rateVolume(plan: PlanVersion, billable: Decimal): Charge {
  if (isZero(billable)) return { amount: ZERO, unit_price: null, tiers: [] };
  const tiers = tiersOf(plan);
  const index = tiers.findIndex((tier) => tier.up_to === null || compare(billable, decimal(tier.up_to)) <= 0);
  const reached = tiers[index];
  assert(reached !== undefined, `plan ${plan.id} has no last tier`);
  const charge = chargeTier(reached, decimal(tiers[index - 1]?.up_to ?? '0'), billable);
  return { amount: decimal(charge.amount), unit_price: null, tiers: [charge] };
}
