/** Taxes against their definition in exact fractions, for every currency. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listCurrencies } from '../../../src/core/currency.ts';
import { type Decimal, decimal } from '../../../src/core/decimal.ts';
import { formatMoney } from '../../../src/core/money.ts';
import { deriveTaxes, type TaxInput } from '../../../src/pricing/tax/derive-taxes.ts';
import { cases, render } from '../plans/cases.ts';
import {
  allocated,
  exactShares,
  floor,
  fraction,
  isLess,
  minus,
  rounded,
  times,
  whole,
} from '../plans/oracle.ts';
import { buyerIn, DAY, DE_SELLER, IN_SELLER, rateOf } from './parties.ts';

const CATEGORIES = ['a', 'b', 'c'] as const;

interface Case {
  /** In minor units. */
  readonly lines: readonly { readonly units: bigint; readonly category: (typeof CATEGORIES)[number] }[];
  /** By category, in the order of CATEGORIES. */
  readonly rates: readonly string[];
  readonly split: 'whole' | 'halves';
}

const units = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 2_000n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 20n }) },
);
const anyUnits = fc.oneof(
  { weight: 3, arbitrary: units },
  { weight: 1, arbitrary: fc.bigInt({ min: -800n, max: -1n }) },
);
const rate = fc.oneof(
  fc.constantFrom('0', '5', '18', '19', '20', '25.5', '100', '0.25'),
  fc.bigInt({ min: 0n, max: 1_000_000n }).map((value) => render(value, 4)),
);
const caseOf = (amount: fc.Arbitrary<bigint>): fc.Arbitrary<Case> =>
  fc.record({
    lines: fc.array(fc.record({ units: amount, category: fc.constantFrom(...CATEGORIES) }), { maxLength: 7 }),
    rates: fc.tuple(rate, rate, rate),
    split: fc.constantFrom('whole', 'halves'),
  });

const DIGITS: Readonly<Record<string, number>> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map((code) => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3]),
  ...'CLF UYW'.split(' ').map((code) => [code, 4]),
]);
const digitsOf = (currency: string): number => DIGITS[currency] ?? 2;
const toUnits = (amount: Decimal, currency: string): bigint =>
  BigInt(formatMoney(amount, currency).replace('.', ''));

function derive({ lines, rates, split }: Case, currency: string) {
  const country = split === 'halves' ? 'IN' : 'DE';
  const input: TaxInput = {
    regime: split === 'halves' ? 'in' : 'eu',
    currency,
    day: DAY,
    seller: split === 'halves' ? IN_SELLER : DE_SELLER,
    buyer: buyerIn(country, split === 'halves' ? { place_of_supply: '29' } : {}),
    rates: CATEGORIES.map((category, i) => rateOf(country, rates[i] ?? '', { category })),
  };
  const digits = digitsOf(currency);
  return deriveTaxes(
    input,
    lines.map((line) => ({ taxable: decimal(render(line.units, digits)), tax_category: line.category })),
  );
}

const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

/** The line indices by rate, in ten-thousandths of a percent, highest first. */
function groupsOf({ lines, rates }: Case): [bigint, number[]][] {
  const groups = new Map<bigint, number[]>();
  lines.forEach((line, i) => {
    const percent = fraction(rates[CATEGORIES.indexOf(line.category)] ?? '');
    const key = (percent.over * 10_000n) / percent.under;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  return [...groups].sort(([a], [b]) => (a < b ? 1 : -1));
}

/** The definition, in minor units: the amount of each component and the parts of each line. */
function expectedOf(each: Case): { amounts: bigint[]; byLine: bigint[][] } {
  const byLine: bigint[][] = each.lines.map(() => []);
  const amounts = groupsOf(each).flatMap(([key, indices]) => {
    const weights = indices.map((i) => each.lines[i]?.units ?? 0n);
    const share = { over: key, under: 1_000_000n * (each.split === 'halves' ? 2n : 1n) };
    return (each.split === 'halves' ? ['CGST', 'SGST'] : ['VAT']).map(() => {
      const amount = floor(rounded(times(whole(total(weights)), share), 0));
      const parts = total(weights) === 0n ? weights.map(() => 0n) : allocated(amount, weights.map(String));
      indices.forEach((i, place) => {
        byLine[i]?.push(parts[place] ?? 0n);
      });
      return amount;
    });
  });
  return { amounts, byLine };
}

function actualOf(each: Case, currency: string): { amounts: bigint[]; byLine: bigint[][] } {
  const { taxes, byLine } = derive(each, currency);
  return {
    amounts: taxes.map((tax) => toUnits(tax.amount, currency)),
    byLine: byLine.map((parts) => parts.map((part) => toUnits(part.amount, currency))),
  };
}

describe('taxes equal their definition', () => {
  test('of the largest and the smallest units, 4,000 cases', () => {
    fc.assert(
      fc.property(caseOf(anyUnits), fc.constantFrom('INR', 'JPY', 'KWD', 'CLF'), (each, currency) => {
        expect(actualOf(each, currency)).toEqual(expectedOf(each));
      }),
      cases(4_000),
    );
  });

  test.each(listCurrencies())('in %s, 25 cases', (currency) => {
    fc.assert(
      fc.property(caseOf(anyUnits), (each) => {
        expect(actualOf(each, currency)).toEqual(expectedOf(each));
      }),
      cases(25),
    );
  });
});

test('the parts of the lines sum to each component, and lie within one unit of their share, 3,000 cases', () => {
  fc.assert(
    fc.property(caseOf(units), (each) => {
      const { amounts, byLine } = actualOf(each, 'EUR');
      expect(total(byLine.flat())).toBe(total(amounts));
      let component = 0;
      for (const [, indices] of groupsOf(each)) {
        const weights = indices.map((i) => each.lines[i]?.units ?? 0n);
        for (let n = 0; n < (each.split === 'halves' ? 2 : 1); n++, component++) {
          const amount = amounts[component] ?? 0n;
          const parts = indices.map((i) => byLine[i]?.[n] ?? 0n);
          expect(total(parts)).toBe(amount);
          if (total(weights) === 0n) continue;
          exactShares(amount, weights.map(String)).forEach((share, place) => {
            const gap = minus(whole(parts[place] ?? 0n), share);
            expect(isLess(whole(-1n), gap) && isLess(gap, whole(1n))).toBe(true);
          });
        }
      }
    }),
    cases(3_000),
  );
});

test('the components do not depend on the order of the lines, 2,000 cases', () => {
  fc.assert(
    fc.property(caseOf(anyUnits), fc.nat(), (each, turn) => {
      const at = each.lines.length === 0 ? 0 : turn % each.lines.length;
      const moved = { ...each, lines: [...each.lines.slice(at), ...each.lines.slice(0, at)].reverse() };
      const text = (one: Case) =>
        derive(one, 'USD').taxes.map((tax) => [tax.rate, toUnits(tax.amount, 'USD')]);
      expect(text(moved)).toEqual(text(each));
    }),
    cases(2_000),
  );
});
