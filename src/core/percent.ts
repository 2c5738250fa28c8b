import { compare, type Decimal, decimal, multiply, parseDecimal, ZERO } from './decimal.ts';
import type { Fault } from './error.ts';

const HUNDREDTH = decimal('0.01');
const HUNDRED = decimal('100');
const DECIMALS_MAX = 4;

/** A percentage of an amount, exactly: 18 of 0.99 → 0.1782. Not rounded. */
export const percentOf = (amount: Decimal, percent: Decimal): Decimal =>
  multiply(multiply(amount, percent), HUNDREDTH);

/**
 * Percent from 0 (inclusive or exclusive) to 100, with at most four decimals. Codes: `invalid_decimal`,
 * `out_of_range`.
 */
export function findPercentFaults(
  pointer: string,
  text: string,
  least: 'zero' | 'above_zero' = 'zero',
): Fault[] {
  const value = parseDecimal(text);
  if (value === null || value.scale > DECIMALS_MAX) {
    const detail = `Must be a decimal in plain notation with at most ${DECIMALS_MAX} decimals.`;
    return [{ pointer, code: 'invalid_decimal', detail }];
  }
  const fromZero = compare(value, ZERO);
  const isLow = fromZero < 0 || (least === 'above_zero' && fromZero === 0);
  if (!isLow && compare(value, HUNDRED) <= 0) return [];
  const detail =
    least === 'zero' ? 'Must be from 0 to 100 percent.' : 'Must be above 0 and at most 100 percent.';
  return [{ pointer, code: 'out_of_range', detail }];
}
