import { describe, expect, test } from 'vitest';
import { decimal } from '../../../src/core/decimal.ts';
import { formatMoney } from '../../../src/core/money.ts';
import { applyDiscounts } from '../../../src/pricing/discounts/apply-discounts.ts';
import type { Discount } from '../../../src/pricing/discounts/discount.ts';
import { discountOf } from './discounts.ts';

type Line = readonly [amount: string, metric?: string];

function apply(lines: readonly Line[], discounts: readonly Discount[], currency = 'USD') {
  const result = applyDiscounts(
    lines.map(([amount, metric_name = 'calls']) => ({ amount: decimal(amount), metric_name })),
    discounts,
    currency,
  );
  const text = (amount: Parameters<typeof formatMoney>[0]): string => formatMoney(amount, currency);
  return {
    amounts: result.discounts.map((discount) => text(discount.amount)),
    byLine: result.byLine.map(text),
    result,
  };
}

const percent = (percentage: string, metric_name: string | null = null, n = 1): Discount =>
  discountOf(n, { percentage, metric_name });
const off = (amount: string, currency = 'USD', metric_name: string | null = null, n = 1): Discount =>
  discountOf(n, { amount, currency, metric_name });

describe('what discounts take off, and off which line', () => {
  test.each<[string, readonly Line[], readonly Discount[], string[], string[]]>([
    ['no lines', [], [percent('10')], [], []],
    ['no discount', [['10']], [], [], ['0.00']],
    [
      'the documented example',
      [['10.01'], ['20']],
      [percent('10'), off('5', 'USD', null, 2)],
      ['3.00', '5.00'],
      ['2.67', '5.33'],
    ],
    ['half up', [['0.05']], [percent('10')], ['0.01'], ['0.01']],
    ['just below the half', [['0.04']], [percent('10')], [], ['0.00']],
    ['once on the sum, not on each line', [['0.04'], ['0.04']], [percent('10')], ['0.01'], ['0.01', '0.00']],
    ['all of it', [['1.99'], ['0.02']], [percent('100')], ['2.01'], ['1.99', '0.02']],
    ['an amount above the sum takes the sum', [['1.99']], [off('5')], ['1.99'], ['1.99']],
    ['an amount of exactly the sum', [['5']], [off('5.00')], ['5.00'], ['5.00']],
    ['an amount of another currency', [['10']], [off('5', 'EUR')], [], ['0.00']],
    [
      'only the metric named',
      [
        ['10', 'a'],
        ['10', 'b'],
      ],
      [percent('50', 'b')],
      ['5.00'],
      ['0.00', '5.00'],
    ],
    ['a metric that is not there', [['10', 'a']], [off('5', 'USD', 'b')], [], ['0.00']],
    ['nothing of a sum of zero', [['5'], ['-5']], [percent('10')], [], ['0.00', '0.00']],
    ['nothing of a negative sum', [['5'], ['-6']], [off('1')], [], ['0.00', '0.00']],
    ['a negative line beside its usage', [['10'], ['-4']], [percent('50')], ['3.00'], ['5.00', '-2.00']],
    ['all of a usage line and its negative', [['10'], ['-4']], [off('100')], ['6.00'], ['10.00', '-4.00']],
    [
      'no more than the whole invoice has',
      [
        ['10', 'a'],
        ['-8', 'b'],
      ],
      [percent('50', 'a')],
      ['2.00'],
      ['2.00', '0.00'],
    ],
    ['lines of zero bear nothing', [['0'], ['1']], [off('0.99')], ['0.99'], ['0.00', '0.99']],
  ])('%s', (_, lines, discounts, amounts, byLine) => {
    const given = apply(lines, discounts);
    expect(given.amounts).toEqual(amounts);
    expect(given.byLine).toEqual(byLine);
  });

  test.each([
    ['JPY', '105', '10', '11'],
    ['JPY', '104', '10', '10'],
    ['KWD', '0.005', '10', '0.001'],
    ['KWD', '0.004', '10', null],
    ['CLF', '0.0005', '10', '0.0001'],
  ])('in %s of %s at %s %% it is %s', (currency, amount, percentage, expected) => {
    expect(apply([[amount]], [percent(percentage)], currency).amounts).toEqual(
      expected === null ? [] : [expected],
    );
  });
});

describe('the order is that of the ids, whatever that of the list', () => {
  const amount = off('50', 'USD', null, 1);
  const half = percent('50', null, 2);
  test('an amount and then a percentage of what it left', () => {
    for (const list of [
      [amount, half],
      [half, amount],
    ]) {
      const { amounts, result } = apply([['100']], list);
      expect(amounts).toEqual(['50.00', '25.00']);
      expect(result.discounts.map(({ discount_id }) => discount_id)).toEqual([amount.id, half.id]);
    }
  });

  test('a percentage and then an amount', () => {
    const { amounts } = apply([['100']], [{ ...amount, id: `${half.id}0` }, half]);
    expect(amounts).toEqual(['50.00', '50.00']);
  });

  test('a percentage of a metric works on what an earlier discount on everything left of it', () => {
    const { amounts, byLine } = apply(
      [
        ['60', 'a'],
        ['40', 'b'],
      ],
      [off('10', 'USD', null, 1), percent('50', 'a', 2)],
    );
    expect(amounts).toEqual(['10.00', '27.00']);
    expect(byLine).toEqual(['33.00', '4.00']);
  });
});

test('a discount that took something is told with its words; one that took nothing is not', () => {
  const { result } = apply([['10']], [percent('10', 'other', 1), percent('12.5', null, 2)]);
  expect(result.discounts).toEqual([
    {
      discount_id: '01900000-0000-7000-8000-000000000002',
      description: 'Discount 2',
      percentage: '12.5',
      amount: decimal('1.25'),
    },
  ]);
});
