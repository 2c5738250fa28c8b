import { type Charge, fieldOf, type PlanVersion } from './charge-model.ts';

/** The amount once per period, in full, with or without usage: 49 a month = 49. */
export const rateFlat = (plan: PlanVersion): Charge => ({
  amount: fieldOf(plan, 'amount'),
  unit_price: null,
  tiers: null,
});
