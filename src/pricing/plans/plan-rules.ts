import { isCurrency } from '../../core/currency.ts';
import { parseQuantity } from '../../core/decimal.ts';
import { type EffectiveDays, findEffectiveDaysFaults } from '../../core/effective-days.ts';
import type { Fault } from '../../core/error.ts';
import { isHsnSac } from '../../core/tax-id.ts';
import type { ChargeModel } from './charge-model.ts';

/** A tier in a request. */
export interface TierInput {
  readonly up_to: string | null;
  readonly price_per_unit: string;
  readonly flat_fee?: string | undefined;
}

/** A request for a new plan version, with its types already checked. A null field counts as absent. */
export interface PlanInput extends EffectiveDays {
  readonly organisation_id?: string | null | undefined;
  readonly currency: string;
  readonly charge_model: ChargeModel;
  readonly price_per_unit?: string | null | undefined;
  readonly tiers?: readonly TierInput[] | null | undefined;
  readonly package_size?: string | null | undefined;
  readonly package_price?: string | null | undefined;
  readonly amount?: string | null | undefined;
  /** Percent. */
  readonly rate?: string | null | undefined;
  /** Per event. */
  readonly fixed_amount?: string | null | undefined;
  readonly included_units?: string | null | undefined;
  readonly minimum_amount?: string | null | undefined;
  readonly maximum_amount?: string | null | undefined;
  /** The name on invoices, in place of the metric's name. */
  readonly display_name?: string | null | undefined;
  readonly tax_category?: string | undefined;
  readonly hsn_sac?: string | null | undefined;
}

const FIELDS = [
  'price_per_unit',
  'tiers',
  'package_size',
  'package_price',
  'amount',
  'rate',
  'fixed_amount',
] as const;
type Field = (typeof FIELDS)[number];

const REQUIRED: Readonly<Record<ChargeModel, readonly Field[]>> = {
  per_unit: ['price_per_unit'],
  graduated: ['tiers'],
  volume: ['tiers'],
  package: ['package_size', 'package_price'],
  flat: ['amount'],
  percentage: ['rate'],
};

const OPTIONAL: Readonly<Partial<Record<ChargeModel, readonly Field[]>>> = { percentage: ['fixed_amount'] };

const USAGE_FIELDS = ['included_units', 'minimum_amount', 'maximum_amount'] as const;
const DECIMALS = [
  'price_per_unit',
  'package_size',
  'package_price',
  'amount',
  'rate',
  'fixed_amount',
  ...USAGE_FIELDS,
] as const;
const POSITIVE: readonly string[] = ['package_size', 'rate'];

/** Limits the work: rating walks the tiers for every line. */
export const TIERS_MAX = 1000;

/** Ten times the cost. A higher rate is more likely a mistake than a price. */
export const RATE_MAX = '1000';

/**
 * Validates a new plan version and returns the faults in the order of the rules, or an empty list. Codes:
 * `required` (a field of its model), `not_allowed` (a field of another model), `invalid_decimal`, `out_of_range`,
 * `invalid_order` (tiers, minimum above maximum, dates), `unknown_currency`, `invalid_date`, `invalid_format`.
 */
export function findPlanFaults(input: PlanInput): Fault[] {
  return [
    ...findFieldFaults(input),
    ...DECIMALS.flatMap((field) => findDecimalFaults(`/${field}`, input[field], POSITIVE.includes(field))),
    ...findRateFaults(input),
    ...findTierFaults(input.tiers),
    ...findAmountRangeFaults(input),
    ...findCurrencyFaults(input),
    ...findEffectiveDaysFaults(input),
    ...findHsnSacFaults(input),
  ];
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

function findFieldFaults(input: PlanInput): Fault[] {
  const model = input.charge_model;
  const faults: Fault[] = [];
  for (const field of FIELDS) {
    const required = REQUIRED[model].includes(field);
    if (required && !isGiven(input[field])) {
      faults.push({ pointer: `/${field}`, code: 'required', detail: `A ${model} plan needs ${field}.` });
    }
    const allowed = required || OPTIONAL[model]?.includes(field);
    if (!allowed && isGiven(input[field])) {
      faults.push({ pointer: `/${field}`, code: 'not_allowed', detail: `A ${model} plan has no ${field}.` });
    }
  }
  if (model !== 'flat') return faults;
  for (const field of USAGE_FIELDS) {
    if (isGiven(input[field])) {
      faults.push({ pointer: `/${field}`, code: 'not_allowed', detail: `A flat plan has no ${field}.` });
    }
  }
  if (!isGiven(input.organisation_id)) {
    const detail = 'A flat plan needs organisation_id.';
    faults.push({ pointer: '/organisation_id', code: 'required', detail });
  }
  return faults;
}

/** Prices, amounts and units share the limits of a quantity: 26 integer digits and 12 decimals. */
function findDecimalFaults(pointer: string, text: string | null | undefined, positive: boolean): Fault[] {
  if (!isGiven(text)) return [];
  const units = parseQuantity(text);
  if (units === null) {
    const detail = 'Must be a decimal in plain notation with at most 26 integer digits and 12 decimals.';
    return [{ pointer, code: 'invalid_decimal', detail }];
  }
  if (units < 0n) return [{ pointer, code: 'out_of_range', detail: 'Must not be negative.' }];
  if (positive && units === 0n)
    return [{ pointer, code: 'out_of_range', detail: 'Must be greater than zero.' }];
  return [];
}

function findTierFaults(tiers: readonly TierInput[] | null | undefined): Fault[] {
  if (!isGiven(tiers)) return [];
  if (tiers.length < 1 || tiers.length > TIERS_MAX) {
    return [{ pointer: '/tiers', code: 'out_of_range', detail: `Must have 1 to ${TIERS_MAX} tiers.` }];
  }
  const faults: Fault[] = [];
  let bound = 0n;
  tiers.forEach((tier, index) => {
    const pointer = `/tiers/${index}`;
    const isLast = index === tiers.length - 1;
    if (isLast && tier.up_to !== null) {
      const detail = 'The last tier must be open: set its up_to to null.';
      faults.push({ pointer: `${pointer}/up_to`, code: 'not_allowed', detail });
    }
    if (!isLast && tier.up_to === null) {
      const detail = 'Only the last tier may be open: up_to must not be null.';
      faults.push({ pointer: `${pointer}/up_to`, code: 'required', detail });
    }
    const boundFaults = findDecimalFaults(`${pointer}/up_to`, tier.up_to, true);
    const next = tier.up_to === null ? null : parseQuantity(tier.up_to);
    if (boundFaults.length === 0 && next !== null) {
      if (next <= bound) {
        const detail = 'Must be greater than up_to of the previous tier.';
        faults.push({ pointer: `${pointer}/up_to`, code: 'invalid_order', detail });
      }
      bound = next;
    }
    faults.push(
      ...boundFaults,
      ...findDecimalFaults(`${pointer}/price_per_unit`, tier.price_per_unit, false),
    );
    faults.push(...findDecimalFaults(`${pointer}/flat_fee`, tier.flat_fee, false));
  });
  return faults;
}

function findRateFaults({ rate }: PlanInput): Fault[] {
  const units = isGiven(rate) ? parseQuantity(rate) : null;
  const most = parseQuantity(RATE_MAX);
  if (units === null || most === null || units <= most) return [];
  return [{ pointer: '/rate', code: 'out_of_range', detail: `Must not be above ${RATE_MAX} percent.` }];
}

function findAmountRangeFaults({ minimum_amount, maximum_amount }: PlanInput): Fault[] {
  const least = isGiven(minimum_amount) ? parseQuantity(minimum_amount) : null;
  const most = isGiven(maximum_amount) ? parseQuantity(maximum_amount) : null;
  if (least === null || most === null || least <= most) return [];
  const detail = 'Must not be below minimum_amount.';
  return [{ pointer: '/maximum_amount', code: 'invalid_order', detail }];
}

function findCurrencyFaults({ currency }: PlanInput): Fault[] {
  if (isCurrency(currency)) return [];
  const detail = 'Must be an upper-case code of an active ISO 4217 currency.';
  return [{ pointer: '/currency', code: 'unknown_currency', detail }];
}

function findHsnSacFaults({ hsn_sac }: PlanInput): Fault[] {
  if (!isGiven(hsn_sac) || isHsnSac(hsn_sac)) return [];
  return [{ pointer: '/hsn_sac', code: 'invalid_format', detail: 'Must have 4, 6 or 8 digits.' }];
}
