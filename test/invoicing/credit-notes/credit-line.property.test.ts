import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exponentOf, listCurrencies } from '../../../src/core/currency.ts';
import { type Decimal, decimal, unitsAt } from '../../../src/core/decimal.ts';
import {
  type CreditableLine,
  creditLine,
  fitCredit,
} from '../../../src/invoicing/credit-notes/credit-line.ts';
import { cases, render } from '../../pricing/plans/cases.ts';

/** The oracle: n / d in whole numbers, half away from zero, comparing twice the remainder with the divisor. */
function roundRatio(n: bigint, d: bigint): bigint {
  const isNegative = n < 0n !== d < 0n;
  const [top, bottom] = [n < 0n ? -n : n, d < 0n ? -d : d];
  let whole = top / bottom;
  if (2n * (top - whole * bottom) >= bottom) whole += 1n;
  return isNegative ? -whole : whole;
}

interface Case {
  readonly currency: string;
  readonly total: bigint;
  readonly discount: bigint;
  readonly taxes: readonly bigint[];
  readonly cuts: readonly bigint[];
}

const size = fc.oneof(
  fc.bigInt({ min: 1n, max: 20n }),
  fc.bigInt({ min: 1n, max: 100_000n }),
  fc.bigInt({ min: 1n, max: 10n ** 26n }),
);
const upTo = (max: bigint) => fc.oneof(fc.constant(0n), fc.constant(max), fc.bigInt({ min: 0n, max }));

/** A line of at least one unit, and the points at which credits split it. */
const aCase: fc.Arbitrary<Case> = size.chain((total) =>
  fc.record({
    currency: fc.constantFrom(...listCurrencies()),
    total: fc.constant(total),
    discount: upTo(total),
    taxes: fc.array(upTo(total), { maxLength: 3 }),
    cuts: fc.array(fc.bigInt({ min: 0n, max: total }), { maxLength: 12 }),
  }),
);

function lineOf({ currency, total, discount, taxes }: Case, sign = 1n): CreditableLine {
  const text = (units: bigint): string => render(sign * units, exponentOf(currency));
  return {
    currency,
    total: text(total),
    discount_amount: text(discount),
    taxes: taxes.map((amount, index) => ({ name: `T${index}`, rate: '1', amount: text(amount) })),
  };
}

test('any split of a line gives back exactly its total, discount and each tax, and never more on the way', () => {
  fc.assert(
    fc.property(aCase, fc.constantFrom(1n, -1n), (each, sign) => {
      const { currency, total, discount, taxes, cuts } = each;
      const scale = exponentOf(currency);
      const units = (value: Decimal | undefined): bigint => unitsAt(value ?? decimal('-1'), scale);
      const line = lineOf(each, sign);
      const bounds = [...[...cuts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), total];
      let credited = 0n;
      const sums = { total: 0n, discount: 0n, taxes: taxes.map(() => 0n) };
      for (const bound of bounds) {
        const part = creditLine(
          line,
          { units: sign * credited, scale },
          { units: sign * (bound - credited), scale },
        );
        credited = bound;
        sums.total += units(part.total);
        sums.discount += units(part.discount);
        expect(sums.discount).toBe(roundRatio(sign * discount * credited, total));
        taxes.forEach((tax, index) => {
          sums.taxes[index] = (sums.taxes[index] ?? 0n) + units(part.taxes[index]?.amount);
          expect(sums.taxes[index]).toBe(roundRatio(sign * tax * credited, total));
        });
        expect(sign * units(part.discount) >= 0n).toBe(true);
      }
      expect(sums.discount).toBe(sign * discount);
      expect(sums.taxes).toEqual(taxes.map((tax) => sign * tax));
      expect(sums.total).toBe(sign * (total - discount + taxes.reduce((a, b) => a + b, 0n)));
    }),
    cases(3_000),
  );
});

test('of what is wanted the most goes back that the invoice has room for: one unit more would exceed it', () => {
  fc.assert(
    fc.property(aCase, fc.nat({ max: 1_000 }), fc.nat({ max: 1_000 }), (each, at, of) => {
      const { currency, total, cuts } = each;
      const scale = exponentOf(currency);
      const [credited = 0n] = cuts;
      const wanted = ((total - credited) * BigInt(at)) / 1_000n;
      const room = (total * BigInt(of)) / 1_000n;
      const as = (units: bigint): Decimal => ({ units, scale });
      const line = lineOf(each);
      const part = fitCredit(line, as(credited), as(wanted), as(room));
      const fits = unitsAt(part.amount, scale);
      expect(fits >= 0n && fits <= wanted).toBe(true);
      expect(unitsAt(part.total, scale) <= room).toBe(true);
      if (fits === wanted) return;
      const more = creditLine(line, as(credited), as(fits + 1n));
      expect(unitsAt(more.total, scale) > room).toBe(true);
    }),
    cases(2_000),
  );
});
