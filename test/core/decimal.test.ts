import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  absolute,
  add,
  canonicalDecimal,
  canonicalQuantity,
  ceilingQuotient,
  compare,
  decimal,
  formatDecimal,
  formatFixed,
  formatQuantity,
  fromInteger,
  isNegative,
  isZero,
  maximum,
  minimum,
  multiply,
  negate,
  ONE,
  parseDecimal,
  parseQuantity,
  quotientHalfAwayFromZero,
  roundHalfUp,
  subtract,
  sum,
  unitsAt,
  ZERO,
} from '../../src/core/decimal.ts';
import { cases, decimalText } from '../pricing/plans/cases.ts';
import {
  dividedBy,
  floor,
  fraction,
  isEqual,
  isLess,
  minus,
  plus,
  rounded,
  times,
} from '../pricing/plans/oracle.ts';

const NOT_PLAIN = [
  ['empty', ''],
  ['a lone minus', '-'],
  ['a lone point', '.'],
  ['a plus', '+1'],
  ['two minus signs', '--1'],
  ['a minus at the end', '1-'],
  ['an exponent', '1e3'],
  ['a capital exponent', '1E3'],
  ['no integer digit', '.5'],
  ['no integer digit after the minus', '-.5'],
  ['no decimal after the point', '5.'],
  ['two points', '1.2.3'],
  ['adjacent points', '1..2'],
  ['a space before', ' 1'],
  ['a space after', '1 '],
  ['a line end', '1\n'],
  ['a separator', '1,000'],
  ['an underscore', '1_000'],
  ['hexadecimal', '0x10'],
  ['other digits', '١'],
  ['full-width digits', '１'],
  ['NaN', 'NaN'],
  ['Infinity', 'Infinity'],
  ['a bigint suffix', '1n'],
] as const;

describe('a decimal is read from plain notation only', () => {
  test.each(NOT_PLAIN)('%s is refused: %j', (_, text) => {
    expect(parseDecimal(text)).toBeNull();
    expect(canonicalDecimal(text)).toBeNull();
    expect(parseQuantity(text)).toBeNull();
    expect(canonicalQuantity(text)).toBeNull();
    expect(() => decimal(text)).toThrow(/not a decimal/);
  });

  test.each([
    ['zero', '0', '0'],
    ['minus zero', '-0', '0'],
    ['minus zero with decimals', '-0.000', '0'],
    ['one', '1', '1'],
    ['a negative', '-12.5', '-12.5'],
    ['leading zeros', '007.50', '7.5'],
    ['leading zeros of a negative', '-007.50', '-7.5'],
    ['only zeros', '0000', '0'],
    ['a trailing zero in the integer stays', '100', '100'],
    ['a whole number with decimals', '100.00', '100'],
    ['a negative whole number with decimals', '-100.00', '-100'],
    ['less than one', '0.05', '0.05'],
    ['a negative less than one', '-0.050', '-0.05'],
    ['the smallest unit', '0.000000000001', '0.000000000001'],
    [
      'the largest quantity',
      '99999999999999999999999999.999999999999',
      '99999999999999999999999999.999999999999',
    ],
  ])('%s: %s → %s', (_, text, expected) => {
    expect(formatDecimal(decimal(text))).toBe(expected);
    expect(canonicalDecimal(text)).toBe(expected);
    expect(canonicalQuantity(text)).toBe(expected);
    expect(formatQuantity(parseQuantity(text) ?? -1n)).toBe(expected);
  });

  test('a decimal has no limit on its digits', () => {
    const text = `${'9'.repeat(200)}.${'9'.repeat(200)}`;
    expect(formatDecimal(decimal(text))).toBe(text);
    expect(canonicalDecimal(text)).toBe(text);
  });
});

describe('a quantity has at most 26 integer digits and 12 decimals, as written', () => {
  test.each([
    ['26 integer digits', '9'.repeat(26), true],
    ['27 integer digits', `1${'0'.repeat(26)}`, false],
    ['26 negative integer digits', `-${'9'.repeat(26)}`, true],
    ['27 negative integer digits', `-1${'0'.repeat(26)}`, false],
    ['26 digits after leading zeros', `000${'9'.repeat(26)}.5`, true],
    ['27 digits after leading zeros', `000${'9'.repeat(27)}.5`, false],
    ['a hundred zeros', '0'.repeat(100), true],
    ['12 decimals', '0.123456789012', true],
    ['13 decimals', '0.1234567890123', false],
    ['13 decimals that end in zeros', '1.0000000000000', false],
    ['26 and 12', `${'9'.repeat(26)}.${'9'.repeat(12)}`, true],
    ['26 and 13', `${'9'.repeat(26)}.${'9'.repeat(13)}`, false],
    ['27 and 12', `${'9'.repeat(27)}.${'9'.repeat(12)}`, false],
  ])('%s', (_, text, accepted) => {
    expect(parseQuantity(text) !== null).toBe(accepted);
    expect(canonicalQuantity(text) !== null).toBe(accepted);
  });

  test('it counts units of 10^-12', () => {
    expect(parseQuantity('1.5')).toBe(1_500_000_000_000n);
    expect(parseQuantity('-0.000000000001')).toBe(-1n);
    expect(formatQuantity(-1n)).toBe('-0.000000000001');
    expect(formatQuantity(-1_500_000_000_000n)).toBe('-1.5');
    expect(formatQuantity(0n)).toBe('0');
  });

  test('its canonical text is the same by either way, 5,000 cases', () => {
    fc.assert(
      fc.property(decimalText(-(10n ** 26n) + 1n, 10n ** 26n - 1n), fc.nat({ max: 3 }), (text, zeros) => {
        const padded = text.replace(/^-?/, (sign) => sign + '0'.repeat(zeros));
        const units = parseQuantity(padded);
        const canonical = canonicalQuantity(padded);
        if (units === null || canonical === null) throw new Error('refused');
        expect(formatQuantity(units)).toBe(canonical);
        expect(formatDecimal({ units, scale: 12 })).toBe(canonical);
        expect(isEqual(fraction(canonical), fraction(text))).toBe(true);
        expect(canonical).toMatch(/^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/);
      }),
      cases(5_000),
    );
  });
});

describe('fixed decimals', () => {
  test.each([
    ['0', 2, '0.00'],
    ['12.5', 2, '12.50'],
    ['-0.5', 2, '-0.50'],
    ['100', 0, '100'],
    ['100.00', 0, '100'],
    ['1.5000', 2, '1.50'],
    ['-0.00', 2, '0.00'],
  ])('%s at %i → %s', (text, digits, expected) => {
    expect(formatFixed(decimal(text), digits)).toBe(expected);
  });

  test('a digit that would be lost throws', () => {
    expect(() => formatFixed(decimal('1.005'), 2)).toThrow(/more than 2 decimals/);
    expect(() => formatFixed(decimal('-0.1'), 0)).toThrow(/more than 0 decimals/);
    expect(unitsAt(decimal('12.500'), 2)).toBe(1250n);
    expect(() => unitsAt(decimal('12.501'), 2)).toThrow(/more than 2 decimals/);
  });
});

describe('rounding is half away from zero', () => {
  test.each([
    ['0', 2, '0'],
    ['1.004', 2, '1'],
    ['1.005', 2, '1.01'],
    ['1.015', 2, '1.02'],
    ['1.025', 2, '1.03'],
    ['1.00499999', 2, '1'],
    ['1.00500001', 2, '1.01'],
    ['-1.005', 2, '-1.01'],
    ['-1.025', 2, '-1.03'],
    ['-1.0049', 2, '-1'],
    ['0.5', 0, '1'],
    ['1.5', 0, '2'],
    ['2.5', 0, '3'],
    ['-0.5', 0, '-1'],
    ['-2.5', 0, '-3'],
    ['0.4', 0, '0'],
    ['-0.4', 0, '0'],
    ['9.995', 2, '10'],
    ['12', 2, '12'],
    ['12.3', 2, '12.3'],
  ])('%s at %i → %s', (text, digits, expected) => {
    expect(formatDecimal(roundHalfUp(decimal(text), digits))).toBe(expected);
  });

  test('it is the nearest multiple, ties further from zero, 15,000 cases', () => {
    const tie = fc
      .tuple(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), fc.nat({ max: 6 }))
      .map(([units, digits]) => ({
        text: formatDecimal({ units: units * 10n + 5n, scale: digits + 1 }),
        digits,
      }));
    const any = fc
      .tuple(decimalText(-(10n ** 40n), 10n ** 40n, 24), fc.nat({ max: 6 }))
      .map(([text, digits]) => ({ text, digits }));
    fc.assert(
      fc.property(fc.oneof(tie, any), ({ text, digits }) => {
        const product = formatDecimal(roundHalfUp(decimal(text), digits));
        expect(isEqual(fraction(product), rounded(fraction(text), digits))).toBe(true);
      }),
      cases(15_000),
    );
  });
});

describe('arithmetic is exact', () => {
  test.each([
    ['0.1 + 0.2', add(decimal('0.1'), decimal('0.2')), '0.3'],
    ['1 - 1.000000000001', subtract(decimal('1'), decimal('1.000000000001')), '-0.000000000001'],
    ['19.99 × 100', multiply(decimal('19.99'), decimal('100')), '1999'],
    ['-(-1.50)', negate(decimal('-1.50')), '1.5'],
    ['|-1.5|', absolute(decimal('-1.5')), '1.5'],
    ['the smaller of 1.50 and 1.4', minimum(decimal('1.50'), decimal('1.4')), '1.4'],
    ['the larger of 1.50 and 1.4', maximum(decimal('1.50'), decimal('1.4')), '1.5'],
    ['the sum of none', sum([]), '0'],
    ['the sum of three', sum([decimal('0.1'), decimal('-2'), ONE]), '-0.9'],
    ['an integer', fromInteger(-7n), '-7'],
  ])('%s', (_, value, expected) => {
    expect(formatDecimal(value)).toBe(expected);
  });

  test('values are compared, not texts', () => {
    expect(compare(decimal('1.5'), decimal('1.50'))).toBe(0);
    expect(compare(decimal('-1'), decimal('0.0'))).toBe(-1);
    expect(compare(decimal('10'), decimal('9.999'))).toBe(1);
    expect([isZero(decimal('-0.00')), isNegative(decimal('-0.00')), isNegative(decimal('-0.01'))]).toEqual([
      true,
      false,
      true,
    ]);
    expect(isZero(ZERO)).toBe(true);
  });

  test.each([
    ['0', '5', 0n],
    ['0.000000000001', '5', 1n],
    ['5', '5', 1n],
    ['5.000000000001', '5', 2n],
    ['0.3', '0.1', 3n],
    ['0.31', '0.1', 4n],
    ['-5', '5', -1n],
    ['-4', '5', 0n],
    ['-6', '5', -1n],
  ])('the whole packages of %s by %s are %s', (a, b, expected) => {
    expect(ceilingQuotient(decimal(a), decimal(b))).toBe(expected);
  });

  test.each(['0', '-1'])('a package of %s throws', (packageSize) => {
    expect(() => ceilingQuotient(ONE, decimal(packageSize))).toThrow(/must be positive/);
  });

  test.each<[string, string, number, string]>([
    ['2', '3', 2, '0.67'],
    ['-2', '3', 2, '-0.67'],
    ['1', '8', 2, '0.13'],
    ['-1', '8', 2, '-0.13'],
    ['1', '3', 0, '0'],
    ['1', '2', 0, '1'],
    ['0', '7', 12, '0'],
    ['0.000000000003', '2', 12, '0.000000000002'],
    // If it were first rounded to 16 digits, as Postgres divides, the last digit would be a 2.
    ['0.2222222222229999', '2', 12, '0.111111111111'],
    ['10', '0.3', 1, '33.3'],
  ])('%s / %s to %s decimals is %s', (a, b, digits, expected) => {
    expect(formatDecimal(quotientHalfAwayFromZero(decimal(a), decimal(b), digits))).toBe(expected);
  });

  test.each(['0', '-1'])('a division by %s throws', (divisor) => {
    expect(() => quotientHalfAwayFromZero(ONE, decimal(divisor), 2)).toThrow(/must be positive/);
  });

  test('it agrees with fractions, 5,000 cases', () => {
    const any = decimalText(-(10n ** 38n), 10n ** 38n);
    fc.assert(
      fc.property(any, any, (left, right) => {
        const [a, b, x, y] = [decimal(left), decimal(right), fraction(left), fraction(right)];
        expect(isEqual(fraction(formatDecimal(add(a, b))), plus(x, y))).toBe(true);
        expect(isEqual(fraction(formatDecimal(subtract(a, b))), minus(x, y))).toBe(true);
        expect(isEqual(fraction(formatDecimal(multiply(a, b))), times(x, y))).toBe(true);
        expect(compare(a, b)).toBe(isEqual(x, y) ? 0 : isLess(x, y) ? -1 : 1);
        if (isLess(fraction('0'), y)) {
          const quotient = dividedBy(x, y);
          expect(ceilingQuotient(a, b)).toBe(-floor({ over: -quotient.over, under: quotient.under }));
          expect(
            isEqual(fraction(formatDecimal(quotientHalfAwayFromZero(a, b, 12))), rounded(quotient, 12)),
          ).toBe(true);
        }
      }),
      cases(5_000),
    );
  });
});
