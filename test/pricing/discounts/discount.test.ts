import { describe, expect, test } from 'vitest';
import { type DiscountInput, findDiscountFaults } from '../../../src/pricing/discounts/discount.ts';

const TERMS = { currency: 'USD', firstDay: '2026-01-01' };
const DAYS = { effective_from: '2026-01-01' };
const PERCENT: DiscountInput = { ...DAYS, percentage: '10' };
const AMOUNT: DiscountInput = { ...DAYS, amount: '5.00', currency: 'USD' };

describe('a discount', () => {
  test.each<[string, DiscountInput, string[], string?]>([
    ['of a percentage', PERCENT, []],
    ['of an amount', AMOUNT, []],
    ['with nulls for the other kind', { ...PERCENT, amount: null, currency: null }, []],
    ['for one day', { ...PERCENT, effective_to: '2026-01-02' }, []],
    ['of the least percentage', { ...PERCENT, percentage: '0.0001' }, []],
    ['of everything', { ...PERCENT, percentage: '100.0000' }, []],
    ['of one yen', { ...AMOUNT, amount: '1', currency: 'JPY' }, [], 'JPY'],
    ['of one fils', { ...AMOUNT, amount: '0.001', currency: 'KWD' }, [], 'KWD'],
    ['of both kinds', { ...PERCENT, ...AMOUNT }, ['/amount not_allowed']],
    ['of no kind', DAYS, ['/percentage required']],
    ['of a currency alone', { ...DAYS, currency: 'USD' }, ['/percentage required']],
    ['of an amount without a currency', { ...AMOUNT, currency: null }, ['/currency required']],
    ['of a percentage with a currency', { ...PERCENT, currency: 'USD' }, ['/currency not_allowed']],
    ['of zero percent', { ...PERCENT, percentage: '0.0' }, ['/percentage out_of_range']],
    ['of less than nothing', { ...PERCENT, percentage: '-1' }, ['/percentage out_of_range']],
    ['of more than everything', { ...PERCENT, percentage: '100.0001' }, ['/percentage out_of_range']],
    ['of five decimals', { ...PERCENT, percentage: '1.00001' }, ['/percentage invalid_decimal']],
    ['of no number', { ...PERCENT, percentage: 'x' }, ['/percentage invalid_decimal']],
    ['of nothing off', { ...AMOUNT, amount: '0.00' }, ['/amount out_of_range']],
    ['of a negative amount', { ...AMOUNT, amount: '-0.01' }, ['/amount out_of_range']],
    ['of a part of a cent', { ...AMOUNT, amount: '0.005' }, ['/amount invalid_decimal']],
    ['of a cent written with three decimals', { ...AMOUNT, amount: '0.010' }, ['/amount invalid_decimal']],
    ['of a part of a yen', { ...AMOUNT, amount: '1.5', currency: 'JPY' }, ['/amount invalid_decimal'], 'JPY'],
    ['of 27 digits', { ...AMOUNT, amount: '1'.repeat(27) }, ['/amount invalid_decimal']],
    ['of an unknown currency', { ...AMOUNT, currency: 'ZZZ' }, ['/currency unknown_currency']],
    ['of a currency that the invoices are not in', AMOUNT, ['/currency currency_mismatch'], 'EUR'],
    ['of a percentage, whatever the invoices are in', PERCENT, [], 'EUR'],
    ['from no day', { percentage: '10' }, []],
    ['from no day to the second of the month', { percentage: '10', effective_to: '2026-01-02' }, []],
    [
      'from no day to the first of the month',
      { percentage: '10', effective_to: '2026-01-01' },
      ['/effective_to invalid_order'],
    ],
    [
      'from a day that is none',
      { ...PERCENT, effective_from: '2026-02-30' },
      ['/effective_from invalid_date'],
    ],
    ['from the year 0', { ...PERCENT, effective_from: '0000-01-01' }, ['/effective_from invalid_date']],
    ['to a day that is none', { ...PERCENT, effective_to: 'x' }, ['/effective_to invalid_date']],
    ['for no day', { ...PERCENT, effective_to: '2026-01-01' }, ['/effective_to invalid_order']],
  ])('%s', (_, input, expected, currency = TERMS.currency) => {
    const faults = findDiscountFaults(input, { ...TERMS, currency });
    expect(faults.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(expected);
  });
});
