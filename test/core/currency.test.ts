import { describe, expect, test } from 'vitest';
import { exponentOf, isCurrency, listCurrencies } from '../../src/core/currency.ts';

const decimalsOf = (codes: string): number[] => [...new Set(codes.split(' ').map(exponentOf))];

describe('the decimals of a currency are those of ISO 4217', () => {
  test.each([
    ['no decimals', 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 0],
    ['three', 'BHD IQD JOD KWD LYD OMR TND', 3],
    ['four', 'CLF UYW', 4],
    ['two', 'USD EUR GBP INR CHF AUD CAD BRL MXN SGD AED XCD XCG ZWG', 2],
    [
      'two, where Intl of one runtime or another says otherwise',
      'AFN ALL COP HUF IDR IRR KPW LAK LBP MGA MMK MRU PKR RSD SLE SOS SYP TZS TWD UZS YER',
      2,
    ],
  ])('%s', (_, codes, expected) => {
    expect(decimalsOf(codes)).toEqual([expected]);
  });

  test('there are 165 codes, each once, and three capitals each', () => {
    const codes = listCurrencies();
    expect(codes).toHaveLength(165);
    expect(new Set(codes).size).toBe(165);
    expect(codes.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
  });

  test('all but 26 have two decimals', () => {
    expect(listCurrencies().filter((code) => exponentOf(code) !== 2)).toHaveLength(26);
  });
});

test.each([
  ['small letters', 'usd'],
  ['unknown', 'ABC'],
  ['empty', ''],
  ['withdrawn', 'BGN'],
  ['withdrawn', 'HRK'],
  ['a metal', 'XAU'],
  ['no currency', 'XXX'],
  ['a property of objects', 'constructor'],
])('%s is no currency: %j', (_, code) => {
  expect(isCurrency(code)).toBe(false);
  expect(() => exponentOf(code)).toThrow(/not an ISO 4217 currency/);
});
