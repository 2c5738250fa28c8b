import type { PlanVersion } from '../../../src/pricing/plans/charge-model.ts';

const EMPTY: PlanVersion = {
  id: '01900000-0000-7000-8000-000000000001',
  organisation_id: null,
  metric_name: 'api_calls',
  unit: 'call',
  currency: 'USD',
  charge_model: 'per_unit',
  price_per_unit: null,
  tiers: null,
  package_size: null,
  package_price: null,
  amount: null,
  rate: null,
  fixed_amount: null,
  included_units: null,
  minimum_amount: null,
  maximum_amount: null,
  effective_from: '2026-01-01',
  effective_to: null,
};

export const planOf = (fields: Partial<PlanVersion>): PlanVersion => ({ ...EMPTY, ...fields });
