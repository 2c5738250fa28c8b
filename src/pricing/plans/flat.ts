import { type Charge, fieldOf, type PlanVersion } from './charge-model.ts';

/** The amount itself, once per period, in full and whether there was usage or not: 49 a month = 49. */
export const rateFlat = (plan: PlanVersion): Charge => ({
  amount: fieldOf(plan, 'amount'),
  unit_price: null,
  tiers: null,
});
