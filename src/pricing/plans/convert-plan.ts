import { type Decimal, decimal, formatDecimal, isZero, parseQuantity } from '../../core/decimal.ts';
import { isRealDay } from '../../core/effective-days.ts';
import type { Fault } from '../../core/error.ts';
import { convertPrice } from '../fx/convert.ts';
import type { PlanInput, TierInput } from './plan-rules.ts';

/** The currency of the prices in the request if it is not the plan's, and the day of the exchange rate. */
export interface ConversionInput {
  readonly original_currency?: string | null | undefined;
  /** `YYYY-MM-DD`, UTC. The rate in force at the day's first instant is used. */
  readonly conversion_date?: string | null | undefined;
}

/** The conversion recorded with a plan. */
export interface PlanConversion {
  readonly original_currency: string;
  readonly exchange_rate: string;
  readonly conversion_date: string;
}

/** `not_allowed` for the plan's own currency and for a day without an original currency; `invalid_date`. */
export function findConversionFaults({
  currency,
  original_currency,
  conversion_date,
}: ConversionInput & { readonly currency: string }): Fault[] {
  const faults: Fault[] = [];
  if (original_currency === currency) {
    const detail = 'Must differ from the currency of the plan.';
    faults.push({ pointer: '/original_currency', code: 'not_allowed', detail });
  }
  if (conversion_date === null || conversion_date === undefined) return faults;
  if (original_currency === null || original_currency === undefined) {
    const detail = 'Give original_currency too: without it there is nothing to convert.';
    faults.push({ pointer: '/conversion_date', code: 'not_allowed', detail });
  }
  if (!isRealDay(conversion_date)) {
    const detail = 'Must be a valid date, YYYY-MM-DD.';
    faults.push({ pointer: '/conversion_date', code: 'invalid_date', detail });
  }
  return faults;
}

const MONEY_FIELDS = [
  'price_per_unit',
  'package_price',
  'amount',
  'fixed_amount',
  'minimum_amount',
  'maximum_amount',
] as const;

/**
 * Converts the plan's money at a rate (1 original = `rate` of the plan's currency), each value to 12 decimals, half
 * up. Units (tier bounds, package_size, included_units) and a rate in percent do not change. Faults: `out_of_range`
 * if a converted value has more than 26 integer digits, or if a value above zero rounds to zero, so that no price
 * disappears.
 *
 * 0.000002 EUR at 1.0857 → price_per_unit 0.0000021714 USD; a minimum_amount of 10 EUR → 10.857 USD.
 */
export function convertPlan<Plan extends PlanInput>(
  plan: Plan,
  rate: Decimal,
): { readonly plan: Plan; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const convert = (pointer: string, text: string): string => {
    const price = decimal(text);
    const converted = convertPrice(price, rate);
    const detail =
      isZero(converted) && !isZero(price)
        ? 'Rounds to 0 in the currency of the plan, at 12 decimals.'
        : parseQuantity(formatDecimal(converted)) === null
          ? 'Exceeds 26 integer digits in the currency of the plan.'
          : null;
    if (detail !== null) faults.push({ pointer, code: 'out_of_range', detail });
    return formatDecimal(converted);
  };
  const fields = MONEY_FIELDS.flatMap((field) => {
    const text = plan[field];
    return text === null || text === undefined ? [] : [[field, convert(`/${field}`, text)]];
  });
  const tiers = plan.tiers?.map(
    (tier, index): TierInput => ({
      ...tier,
      price_per_unit: convert(`/tiers/${index}/price_per_unit`, tier.price_per_unit),
      ...(tier.flat_fee !== undefined && {
        flat_fee: convert(`/tiers/${index}/flat_fee`, tier.flat_fee),
      }),
    }),
  );
  return { plan: { ...plan, ...Object.fromEntries(fields), ...(tiers && { tiers }) }, faults };
}
