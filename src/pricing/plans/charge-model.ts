import { type Decimal, decimal } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';

export const CHARGE_MODELS = ['per_unit', 'graduated', 'volume', 'package', 'flat', 'percentage'] as const;
export type ChargeModel = (typeof CHARGE_MODELS)[number];

/**
 * Tier i covers (up_to of i-1, up_to]; only the last tier is open. Bounds are in units of the metric, prices in the
 * plan's currency.
 */
export interface Tier {
  readonly up_to: string | null;
  readonly price_per_unit: string;
  /** Charged once, when the tier is entered. */
  readonly flat_fee?: string;
}

/**
 * A stored plan version. Its prices never change, so an invoice line that references its id can always be
 * explained.
 */
export interface PlanVersion {
  readonly id: string;
  /** Null: a global plan, for every organisation without a plan of its own. */
  readonly organisation_id: string | null;
  readonly metric_name: string;
  readonly unit: string;
  readonly currency: string;
  readonly charge_model: ChargeModel;
  readonly price_per_unit: string | null;
  readonly tiers: readonly Tier[] | null;
  readonly package_size: string | null;
  readonly package_price: string | null;
  readonly amount: string | null;
  /** Percent of the billable quantity. */
  readonly rate: string | null;
  /** Per event. */
  readonly fixed_amount: string | null;
  readonly included_units: string | null;
  readonly minimum_amount: string | null;
  readonly maximum_amount: string | null;
  /** The first day, `YYYY-MM-DD`. */
  readonly effective_from: string;
  /** The day after the last day; null if open-ended. */
  readonly effective_to: string | null;
}

/** The contribution of one tier. `from` and `to` are the tier's bounds, `quantity` is what was charged at its price. */
export interface TierCharge {
  readonly from: string;
  readonly to: string | null;
  readonly quantity: string;
  readonly price_per_unit: string;
  readonly flat_fee: string;
  readonly amount: string;
}

export interface Charge {
  /** Exact and unrounded, after minimum and maximum. The line rounds it, once. */
  readonly amount: Decimal;
  /** The unit price for per_unit, else null. */
  readonly unit_price: string | null;
  /** For graduated the tiers entered, for volume the one tier reached, else null. */
  readonly tiers: readonly TierCharge[] | null;
}

/** A required field of the plan's model; plan-rules.ts guarantees that it is set. */
export function fieldOf(
  plan: PlanVersion,
  field: 'price_per_unit' | 'package_size' | 'package_price' | 'amount' | 'rate',
): Decimal {
  const text = plan[field];
  assert(text !== null, `plan ${plan.id} has no ${field}`);
  return decimal(text);
}
