import { type Decimal, decimal } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';

export const CHARGE_MODELS = ['per_unit', 'graduated', 'volume', 'package', 'flat', 'percentage'] as const;
export type ChargeModel = (typeof CHARGE_MODELS)[number];

/** Tier i covers (up_to of i-1, up_to]; only the last has no up_to. Units of the metric, prices in the plan's currency. */
export interface Tier {
  readonly up_to: string | null;
  readonly price_per_unit: string;
  /** Charged once, when the tier is entered. */
  readonly flat_fee?: string;
}

/** One version of a plan as it is stored; prices never change, so an invoice line that names its id explains itself. */
export interface PlanVersion {
  readonly id: string;
  /** Null: the plan holds for every organisation that has none of its own. */
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
  /** For each event. */
  readonly fixed_amount: string | null;
  readonly included_units: string | null;
  readonly minimum_amount: string | null;
  readonly maximum_amount: string | null;
  /** The first day, `YYYY-MM-DD`. */
  readonly effective_from: string;
  /** The day after the last, or null for no end. */
  readonly effective_to: string | null;
}

/** What one tier contributed. `from` and `to` are the tier's bounds, `quantity` what was charged at its price. */
export interface TierCharge {
  readonly from: string;
  readonly to: string | null;
  readonly quantity: string;
  readonly price_per_unit: string;
  readonly flat_fee: string;
  readonly amount: string;
}

export interface Charge {
  /** Exact and unrounded, after minimum and maximum: the line rounds it, once. */
  readonly amount: Decimal;
  /** The price of a unit for per_unit, else null. */
  readonly unit_price: string | null;
  /** The tiers entered for graduated, the one tier reached for volume, else null. */
  readonly tiers: readonly TierCharge[] | null;
}

/** A field of the plan's own model, which plan-rules.ts saw to. */
export function fieldOf(
  plan: PlanVersion,
  field: 'price_per_unit' | 'package_size' | 'package_price' | 'amount' | 'rate',
): Decimal {
  const text = plan[field];
  assert(text !== null, `plan ${plan.id} has no ${field}`);
  return decimal(text);
}
