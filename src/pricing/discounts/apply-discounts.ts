import { allocate } from '../../core/allocate.ts';
import { exponentOf } from '../../core/currency.ts';
import { add, compare, type Decimal, decimal, minimum, subtract, sum, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { roundMoney } from '../../core/money.ts';
import { percentOf } from '../../core/percent.ts';
import type { Discount } from './discount.ts';

export interface DiscountableLine {
  /** Rounded at the currency's exponent. Negative when the line is a credit. */
  readonly amount: Decimal;
  readonly metric_name: string;
}

export interface AppliedDiscount {
  readonly discount_id: string;
  readonly description: string;
  readonly percentage: string | null;
  readonly amount: Decimal;
}

export interface AppliedDiscounts {
  /** The discounts with an effect, in the order in which they were applied. */
  readonly discounts: readonly AppliedDiscount[];
  /** The discount on each line, by the line's index. The parts sum exactly to the discounts. */
  readonly byLine: readonly Decimal[];
}

/**
 * Applies discounts one after the other, ordered by id, which is the order of creation. Each works on what earlier
 * discounts left of the lines in its scope: a percentage of their sum, or an amount (only if it is in the invoice's
 * currency) up to their sum. Each discount is rounded once (law 5) and allocated to the lines in proportion to what
 * is left of each (allocate.ts), so no line crosses zero; a negative line gets a negative part. If the lines in
 * scope sum to zero or less, the discount is zero. No discount exceeds what is left of all lines, so the invoice
 * never becomes negative.
 *
 * 10 % and then 5.00 USD on lines of 10.01 and 20.00: 10 % of 30.01 is 3.001 → 3.00, allocated as 1.00 and 2.00. Of
 * the remaining 9.01 and 18.00, the 5.00 takes 1.67 and 3.33. Together 2.67 and 5.33.
 */
export function applyDiscounts(
  lines: readonly DiscountableLine[],
  discounts: readonly Discount[],
  currency: string,
): AppliedDiscounts {
  const left = lines.map((line) => line.amount);
  const byLine = lines.map(() => ZERO);
  const applied: AppliedDiscount[] = [];
  for (const discount of discounts.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const scope = [...lines.keys()].filter((index) => isNamed(discount, lines[index]));
    const weights = scope.map((index) => left[index] ?? ZERO);
    const amount = minimum(amountOf(discount, sum(weights), currency), sum(left));
    if (compare(amount, ZERO) <= 0) continue;
    const parts = allocate(amount, weights, exponentOf(currency));
    scope.forEach((index, place) => {
      const part = parts[place] ?? ZERO;
      left[index] = subtract(left[index] ?? ZERO, part);
      byLine[index] = add(byLine[index] ?? ZERO, part);
    });
    const { id, description, percentage } = discount;
    applied.push({ discount_id: id, description, percentage, amount });
  }
  return { discounts: applied, byLine };
}

const isNamed = ({ metric_name }: Discount, line: DiscountableLine | undefined): boolean =>
  metric_name === null || metric_name === line?.metric_name;

/** The discount on a sum: at most the sum, and zero unless the sum is positive. */
function amountOf(discount: Discount, base: Decimal, currency: string): Decimal {
  if (compare(base, ZERO) <= 0) return ZERO;
  if (discount.percentage !== null)
    return roundMoney(percentOf(base, decimal(discount.percentage)), currency);
  assert(discount.amount !== null, `discount ${discount.id} has neither a percentage nor an amount`);
  return discount.currency === currency ? minimum(decimal(discount.amount), base) : ZERO;
}
