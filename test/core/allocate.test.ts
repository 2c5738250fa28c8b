import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate } from '../../src/core/allocate.ts';
import {
  type Decimal,
  decimal,
  formatDecimal,
  formatFixed,
  negate,
  unitsAt,
} from '../../src/core/decimal.ts';
import { cases, decimalText, render } from '../pricing/plans/cases.ts';
import { allocated, exactShares, fraction, isLess, minus, plus, whole } from '../pricing/plans/oracle.ts';

const parts = (total: string, weights: readonly string[], digits: number): string[] =>
  allocate(decimal(total), weights.map(decimal), digits).map((part) => formatFixed(part, digits));

describe('a total is split by the largest remainder and nothing is lost', () => {
  test.each([
    ['thirds, the first of equals takes the cent', '100.00', ['1', '1', '1'], 2, ['33.34', '33.33', '33.33']],
    ['two cents to the first two', '0.05', ['1', '1', '1'], 2, ['0.02', '0.02', '0.01']],
    ['the largest remainder, not the first', '1.00', ['1', '2', '4'], 2, ['0.14', '0.29', '0.57']],
    ['one weight takes all', '7.77', ['0.3'], 2, ['7.77']],
    ['a zero weight gets zero', '0.01', ['0', '1', '0'], 2, ['0.00', '0.01', '0.00']],
    ['all weights zero: the first takes all', '5.00', ['0', '0.00'], 2, ['5.00', '0.00']],
    ['nothing to split', '0', ['1', '2'], 2, ['0.00', '0.00']],
    ['less than there are parts', '0.01', ['1', '1', '1'], 2, ['0.01', '0.00', '0.00']],
    ['yen', '100', ['1', '1', '1'], 0, ['34', '33', '33']],
    ['dinars', '0.100', ['1', '1', '1'], 3, ['0.034', '0.033', '0.033']],
    ['weights of any scale', '10.00', ['0.000000000001', '0.000000000003'], 2, ['2.50', '7.50']],
    ['a negative total is the mirror image', '-100.00', ['1', '1', '1'], 2, ['-33.34', '-33.33', '-33.33']],
    ['a project with corrections only bears a negative part', '6.00', ['10', '-4'], 2, ['10.00', '-4.00']],
    ['negative weights alone keep their proportion', '6.00', ['-1', '-2'], 2, ['2.00', '4.00']],
    ['both signs with a remainder', '1.00', ['-1', '4'], 2, ['-0.33', '1.33']],
    ['weights that cancel: the positive ones share', '9.00', ['-3', '1', '2'], 2, ['0.00', '3.00', '6.00']],
    ['no weights and nothing to split', '0.00', [], 2, []],
  ])('%s: %s by %j', (_, total, weights, digits, expected) => {
    expect(parts(total, weights, digits)).toEqual(expected);
  });

  test('a total that is not rounded throws', () => {
    expect(() => allocate(decimal('1.005'), [decimal('1')], 2)).toThrow(/more than 2 decimals/);
  });

  test('a total without a weight throws', () => {
    expect(() => allocate(decimal('1'), [], 2)).toThrow(/no weight/);
  });
});

const total = fc.oneof(
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
  fc.bigInt({ min: -50n, max: 50n }),
);
const usual = fc.array(decimalText(0n, 10n ** 30n), { minLength: 1, maxLength: 8 });
const equals = fc
  .tuple(decimalText(1n, 100n, 2), fc.integer({ min: 1, max: 8 }))
  .map(([weight, count]): string[] => Array(count).fill(weight));
const signed = fc.array(decimalText(-(10n ** 15n), 10n ** 15n), { minLength: 1, maxLength: 8 });
const digitsOf = fc.nat({ max: 4 });

const split = (units: bigint, weights: readonly string[], digits: number): Decimal[] =>
  allocate(decimal(render(units, digits)), weights.map(decimal), digits);
const unitsOf = (list: readonly Decimal[], digits: number): bigint[] =>
  list.map((part) => unitsAt(part, digits));
const inAll = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);

describe('for any total and weights', () => {
  test('the parts sum to the total, lie within one unit of their share, and are those of the definition, 15,000 cases', () => {
    fc.assert(
      fc.property(total, fc.oneof(usual, equals, signed), digitsOf, (units, weights, digits) => {
        const product = unitsOf(split(units, weights, digits), digits);
        expect(inAll(product)).toBe(units);
        const weight = weights.map(fraction).reduce(plus, whole(0n));
        if (weight.over === 0n) return;
        expect(product).toEqual(allocated(units, weights));
        exactShares(units, weights).forEach((share, index) => {
          const gap = minus(share, whole(product[index] ?? 0n));
          expect(isLess(gap, whole(1n)) && isLess(whole(-1n), gap)).toBe(true);
        });
        weights.forEach((text, index) => {
          if (fraction(text).over === 0n) expect(product[index]).toBe(0n);
        });
      }),
      cases(15_000),
    );
  });

  test('weights that cancel still give away the total exactly, 1,000 cases', () => {
    fc.assert(
      fc.property(total, signed, digitsOf, (units, weights, digits) => {
        const opposites = weights.map((text) => formatDecimal(negate(decimal(text))));
        const cancelling = [...weights, ...opposites];
        const product = unitsOf(split(units, cancelling, digits), digits);
        expect(inAll(product)).toBe(units);
        expect(product.every((part) => (units < 0n ? part <= 0n : part >= 0n))).toBe(true);
      }),
      cases(1_000),
    );
  });

  test('a negative total is the mirror image, 1,000 cases', () => {
    fc.assert(
      fc.property(total, signed, digitsOf, (units, weights, digits) => {
        const mirrored = unitsOf(split(-units, weights, digits), digits).map((part) => -part);
        expect(mirrored).toEqual(unitsOf(split(units, weights, digits), digits));
      }),
      cases(1_000),
    );
  });
});
