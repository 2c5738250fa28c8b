import { ceilingQuotient, type Decimal, fromInteger, multiply } from '../../core/decimal.ts';
import { type Charge, fieldOf, type PlanVersion } from './charge-model.ts';

/** Whole packages; a started one is charged in full: 1,001 units in packages of 1,000 at 5 = 2 × 5 = 10. */
export function ratePackage(plan: PlanVersion, billable: Decimal): Charge {
  const packages = fromInteger(ceilingQuotient(billable, fieldOf(plan, 'package_size')));
  return { amount: multiply(packages, fieldOf(plan, 'package_price')), unit_price: null, tiers: null };
}
