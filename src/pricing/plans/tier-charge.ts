import { add, type Decimal, decimal, formatDecimal, multiply, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import type { PlanVersion, Tier, TierCharge } from './charge-model.ts';

export function tiersOf(plan: PlanVersion): readonly Tier[] {
  assert(plan.tiers !== null && plan.tiers.length > 0, `plan ${plan.id} has no tiers`);
  return plan.tiers;
}

/** The charge of an entered tier: quantity × price_per_unit + flat_fee, exact. `from` is the tier's lower bound. */
export function chargeTier(tier: Tier, from: Decimal, quantity: Decimal): TierCharge {
  const price = decimal(tier.price_per_unit);
  const fee = tier.flat_fee === undefined ? ZERO : decimal(tier.flat_fee);
  return {
    from: formatDecimal(from),
    to: tier.up_to === null ? null : formatDecimal(decimal(tier.up_to)),
    quantity: formatDecimal(quantity),
    price_per_unit: formatDecimal(price),
    flat_fee: formatDecimal(fee),
    amount: formatDecimal(add(multiply(quantity, price), fee)),
  };
}
