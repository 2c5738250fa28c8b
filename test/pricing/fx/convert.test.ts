/** Conversion against exact fractions that share no code with the product. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponentOf, listCurrencies } from '../../../src/core/currency.ts';
import { decimal, formatDecimal } from '../../../src/core/decimal.ts';
import { formatMoney } from '../../../src/core/money.ts';
import { convertMoney, convertPrice } from '../../../src/pricing/fx/convert.ts';
import { readRate } from '../../../src/pricing/fx/exchange-rate.ts';
import { isStale } from '../../../src/pricing/fx/is-stale.ts';
import { fraction, isEqual, rounded, times } from '../plans/oracle.ts';

const money = (amount: string, rate: string, currency: string): string =>
  formatMoney(convertMoney(decimal(amount), decimal(rate), currency), currency);
const price = (text: string, rate: string): string =>
  formatDecimal(convertPrice(decimal(text), decimal(rate)));

test.each([
  ['the worked example in dollars', '1234.567', '1.0857', 'USD', '1340.37'],
  ['the worked example in yen', '1234.567', '160.25', 'JPY', '197839'],
  ['half a cent', '0.005', '1', 'USD', '0.01'],
  ['half a cent owed back', '-0.005', '1', 'USD', '-0.01'],
  ['just below half', '0.00499999', '1', 'USD', '0.00'],
  ['three decimals', '10', '0.33333', 'KWD', '3.333'],
  ['four decimals', '1', '0.00005', 'CLF', '0.0001'],
  ['nothing', '0', '1.5', 'EUR', '0.00'],
  ['rounded once, not first at the original', '1.004', '1.25', 'USD', '1.26'],
  ['a rate with twelve decimals', '1000000', '0.000000000001', 'USD', '0.00'],
  ['the largest', '99999999999999999999999999', '9999999999', 'JPY', '999999999899999999999999990000000001'],
])('an amount: %s', (_, amount, rate, currency, expected) => {
  expect(money(amount, rate, currency)).toBe(expected);
});

test.each([
  ['of a token', '0.000002', '1.0857', '0.0000021714'],
  ['at the thirteenth decimal', '0.000000000333', '1.5', '0.0000000005'],
  ['half of the last decimal', '0.000000000001', '0.5', '0.000000000001'],
  ['below half of it', '0.000000000001', '0.499999999999', '0'],
  ['free', '0', '1.5', '0'],
])('a price: %s', (_, text, rate, expected) => {
  expect(price(text, rate)).toBe(expected);
});

const digits = (most: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^\\d{1,${most}}$`));
const decimals = fc
  .tuple(fc.constantFrom('', '-'), digits(26), fc.option(digits(12)))
  .map(([sign, whole, part]) => `${sign}${whole}${part === null ? '' : `.${part}`}`);
const rates = fc
  .tuple(digits(10), fc.option(digits(12)))
  .map(([whole, part]) => readRate(part === null ? whole : `${whole}.${part}`))
  .filter((rate) => rate !== null);

test('every amount is the nearest of its currency to the exact product, the further from zero of two', () => {
  fc.assert(
    fc.property(decimals, rates, fc.constantFrom(...listCurrencies()), (amount, rate, currency) => {
      const exact = rounded(times(fraction(amount), fraction(rate)), exponentOf(currency));
      expect(isEqual(fraction(money(amount, rate, currency)), exact)).toBe(true);
    }),
    { seed: 20_261_121 },
  );
});

test('every price is the nearest of twelve decimals to the exact product, the further from zero of two', () => {
  fc.assert(
    fc.property(decimals, rates, (text, rate) => {
      const exact = rounded(times(fraction(text), fraction(rate)), 12);
      expect(isEqual(fraction(price(text, rate)), exact)).toBe(true);
    }),
    { seed: 20_261_122 },
  );
});

test.each([
  ['plain', '1.0857', '1.0857'],
  ['with zeros around', '01.5000', '1.5'],
  ['the smallest', '0.000000000001', '0.000000000001'],
  ['the largest', '9999999999.999999999999', '9999999999.999999999999'],
  ['zero', '0', null],
  ['zero with decimals', '0.000000000000', null],
  ['eleven integer digits', '10000000000', null],
  ['thirteen decimals', '0.0000000000010', null],
  ['negative', '-1', null],
  ['an exponent', '1e3', null],
  ['no digit before the point', '.5', null],
  ['nothing', '', null],
])('a rate: %s', (_, text, expected) => {
  expect(readRate(text)).toBe(expected);
});

describe('a rate is stale', () => {
  const friday = Date.parse('2026-11-20T00:00:00Z');
  test.each<[string, string, number | null, boolean]>([
    ['never without a limit', '2126-11-20T00:00:00Z', null, false],
    ['not at the limit', '2026-11-23T00:00:00Z', 3, false],
    ['just after it', '2026-11-23T00:00:00.001Z', 3, true],
    ['not at its own moment with a limit of 0', '2026-11-20T00:00:00Z', 0, false],
    ['right after that', '2026-11-20T00:00:00.001Z', 0, true],
  ])('%s', (_, at, days, expected) => {
    expect(isStale(friday, Date.parse(at), days)).toBe(expected);
  });
});
