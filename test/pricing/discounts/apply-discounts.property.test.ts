/** Discounts against their definition in exact fractions, for every currency. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listCurrencies } from '../../../src/core/currency.ts';
import { decimal } from '../../../src/core/decimal.ts';
import { formatMoney } from '../../../src/core/money.ts';
import { applyDiscounts } from '../../../src/pricing/discounts/apply-discounts.ts';
import type { Discount } from '../../../src/pricing/discounts/discount.ts';
import { cases, render } from '../plans/cases.ts';
import { allocated, floor, fraction, rounded, times, whole } from '../plans/oracle.ts';
import { discountOf } from './discounts.ts';

/** From ISO 4217, independent of the product's table. */
const DIGITS: Readonly<Record<string, number>> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map((code) => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3]),
  ...'CLF UYW'.split(' ').map((code) => [code, 4]),
]);
const digitsOf = (currency: string): number => DIGITS[currency] ?? 2;

interface Case {
  /** In minor units. */
  readonly lines: readonly { readonly units: bigint; readonly metric: string }[];
  readonly discounts: readonly (
    | { readonly metric: string | null; readonly percent: string }
    | { readonly metric: string | null; readonly units: bigint; readonly isForeign: boolean }
  )[];
}

const metric = fc.constantFrom('a', 'b', 'c');
const units = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 2_000n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: -500n, max: 10n ** 20n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -1_000n, max: -1n }) },
);
const percent = fc.oneof(
  fc.constantFrom('100', '50', '10', '0.0001', '33.3333'),
  fc.bigInt({ min: 1n, max: 1_000_000n }).map((value) => render(value, 4)),
);
const scope = fc.option(metric, { nil: null, freq: 2 });
const caseOf: fc.Arbitrary<Case> = fc.record({
  lines: fc.array(fc.record({ units, metric }), { maxLength: 7 }),
  discounts: fc.array(
    fc.oneof(
      fc.record({ metric: scope, percent }),
      fc.record({ metric: scope, units: fc.bigInt({ min: 1n, max: 5_000n }), isForeign: fc.boolean() }),
    ),
    { maxLength: 4 },
  ),
});

/** The definition, in minor units: the amount of each discount and the reduction of each line. */
function expectedOf({ lines, discounts }: Case): { taken: bigint[]; byLine: bigint[] } {
  const left = lines.map((line) => line.units);
  const byLine = lines.map(() => 0n);
  const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
  const taken: bigint[] = [];
  for (const discount of discounts) {
    const named = lines.flatMap((line, i) =>
      discount.metric === null || line.metric === discount.metric ? [i] : [],
    );
    const base = total(named.map((i) => left[i] ?? 0n));
    if (base <= 0n) continue;
    let take: bigint;
    if ('percent' in discount) {
      take = floor(rounded(times(times(whole(base), fraction(discount.percent)), fraction('0.01')), 0));
    } else {
      take = discount.isForeign ? 0n : discount.units < base ? discount.units : base;
    }
    if (take > total(left)) take = total(left);
    if (take <= 0n) continue;
    taken.push(take);
    allocated(
      take,
      named.map((i) => String(left[i])),
    ).forEach((part, place) => {
      const i = named[place] ?? 0;
      left[i] = (left[i] ?? 0n) - part;
      byLine[i] = (byLine[i] ?? 0n) + part;
    });
  }
  return { taken, byLine };
}

function actualOf({ lines, discounts }: Case, currency: string) {
  const digits = digitsOf(currency);
  const other = currency === 'EUR' ? 'USD' : 'EUR';
  const given = discounts.map((discount, n): Discount => {
    if ('percent' in discount) {
      return discountOf(n, { metric_name: discount.metric, percentage: discount.percent });
    }
    const named = discount.isForeign ? other : currency;
    const amount = render(discount.units, digitsOf(named));
    return discountOf(n, { metric_name: discount.metric, amount, currency: named });
  });
  const result = applyDiscounts(
    lines.map((line) => ({ amount: decimal(render(line.units, digits)), metric_name: line.metric })),
    given,
    currency,
  );
  const toUnits = (text: string): bigint => BigInt(text.replace('.', ''));
  return {
    taken: result.discounts.map(({ amount }) => toUnits(formatMoney(amount, currency))),
    byLine: result.byLine.map((amount) => toUnits(formatMoney(amount, currency))),
  };
}

const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

describe('what discounts take equals their definition', () => {
  test('of the largest and the smallest units, 4,000 cases', () => {
    fc.assert(
      fc.property(caseOf, fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'), (each, currency) => {
        expect(actualOf(each, currency)).toEqual(expectedOf(each));
      }),
      cases(4_000),
    );
  });

  test.each(listCurrencies())('in %s, 25 cases', (currency) => {
    fc.assert(
      fc.property(caseOf, (each) => {
        expect(actualOf(each, currency)).toEqual(expectedOf(each));
      }),
      cases(25),
    );
  });
});

test('the parts of the lines sum to the discounts, and nothing is brought past zero, 3,000 cases', () => {
  fc.assert(
    fc.property(caseOf, (each) => {
      const { taken, byLine } = actualOf(each, 'USD');
      expect(total(byLine)).toBe(total(taken));
      expect(taken.every((amount) => amount > 0n)).toBe(true);
      const before = each.lines.map((line) => line.units);
      const after = before.map((amount, i) => amount - (byLine[i] ?? 0n));
      expect(total(after) >= 0n || taken.length === 0).toBe(true);
      // If all lines have the same sign, no discount changes it.
      if (before.every((amount) => amount >= 0n)) expect(after.every((amount) => amount >= 0n)).toBe(true);
    }),
    cases(3_000),
  );
});
