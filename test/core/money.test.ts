import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/decimal.ts';
import { formatMoney, roundMoney } from '../../src/core/money.ts';

describe('an amount is rounded half up, away from zero, at the decimals of its currency', () => {
  test.each([
    ['0', 'USD', '0.00'],
    ['1.005', 'USD', '1.01'],
    ['1.025', 'USD', '1.03'],
    ['1.0049999999', 'USD', '1.00'],
    ['-1.005', 'USD', '-1.01'],
    ['-0.004', 'USD', '0.00'],
    ['12.5', 'USD', '12.50'],
    ['100', 'JPY', '100'],
    ['100.5', 'JPY', '101'],
    ['100.4999', 'JPY', '100'],
    ['-100.5', 'JPY', '-101'],
    ['0.005', 'INR', '0.01'],
    ['0.0005', 'KWD', '0.001'],
    ['0.00049', 'KWD', '0.000'],
    ['0.00005', 'CLF', '0.0001'],
    ['99999999999999999999999999.995', 'USD', '100000000000000000000000000.00'],
  ])('%s %s → %s', (amount, currency, expected) => {
    expect(formatMoney(roundMoney(decimal(amount), currency), currency)).toBe(expected);
  });

  test('an amount that is not rounded cannot be written', () => {
    expect(() => formatMoney(decimal('1.005'), 'USD')).toThrow(/more than 2 decimals/);
    expect(() => formatMoney(decimal('0.5'), 'JPY')).toThrow(/more than 0 decimals/);
  });

  test('an unknown currency throws', () => {
    expect(() => roundMoney(decimal('1'), 'ABC')).toThrow(/not an ISO 4217 currency/);
  });
});
