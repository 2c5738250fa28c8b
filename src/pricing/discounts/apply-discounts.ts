import { allocate } from '../../core/allocate.ts';
import { exponentOf } from '../../core/currency.ts';
import { add, compare, type Decimal, decimal, minimum, subtract, sum, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { roundMoney } from '../../core/money.ts';
import { percentOf } from '../../core/percent.ts';
import type { Discount } from './discount.ts';

export interface DiscountableLine {
  /** Rounded at the currency's exponent; negative where a line takes back. */
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
  /** Those that took something, in the order in which they were applied. */
  readonly discounts: readonly AppliedDiscount[];
  /** For each line, in its place, what all of them took off it; the parts sum to the discounts exactly. */
  readonly byLine: readonly Decimal[];
}

/**
 * Discounts one after the other, in the order of their ids, which is that of their creation. Each works on what those before
 * it have left of the lines that it names: a percentage takes its part of their sum, an amount (only one of the invoice's
 * currency) at most their sum. It is rounded once (law 5) and goes to the lines in proportion to what is left of each
 * (allocate.ts), so that no line is brought past zero; a line that is negative bears a negative part. Lines that sum to zero
 * or less give nothing, and none gives more than what is left of all: an invoice does not become negative.
 *
 * 10 % and then 5.00 USD on lines of 10.01 and 20.00: 10 % of 30.01 is 3.001 → 3.00, of which the lines bear 1.00 and
 * 2.00; of the 9.01 and 18.00 that are left the 5.00 takes 1.67 and 3.33. Together 2.67 and 5.33.
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

/** What the discount takes of a sum: never more than the sum, nothing of one that is not above zero. */
function amountOf(discount: Discount, base: Decimal, currency: string): Decimal {
  if (compare(base, ZERO) <= 0) return ZERO;
  if (discount.percentage !== null)
    return roundMoney(percentOf(base, decimal(discount.percentage)), currency);
  assert(discount.amount !== null, `discount ${discount.id} has neither a percentage nor an amount`);
  return discount.currency === currency ? minimum(decimal(discount.amount), base) : ZERO;
}
