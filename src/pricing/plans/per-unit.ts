import { type Decimal, formatDecimal, multiply } from '../../core/decimal.ts';
import { type Charge, fieldOf, type PlanVersion } from './charge-model.ts';

/** Every billable unit at one price: 1,000 units at 0.0025 = 2.5. */
export function ratePerUnit(plan: PlanVersion, billable: Decimal): Charge {
  const price = fieldOf(plan, 'price_per_unit');
  return { amount: multiply(billable, price), unit_price: formatDecimal(price), tiers: null };
}
