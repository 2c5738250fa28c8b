import type { Discount } from '../../../src/pricing/discounts/discount.ts';

/** The nth discount; ids sort by n. */
export const discountOf = (n: number, fields: Partial<Discount>): Discount => ({
  id: `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  description: `Discount ${n}`,
  percentage: null,
  amount: null,
  currency: null,
  metric_name: null,
  ...fields,
});
