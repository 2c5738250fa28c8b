/** Plans with prices in another currency: which fields are money, and which values must not round to zero. */
import { describe, expect, test } from 'vitest';
import { decimal } from '../../../src/core/decimal.ts';
import { convertPlan, findConversionFaults } from '../../../src/pricing/plans/convert-plan.ts';
import type { PlanInput } from '../../../src/pricing/plans/plan-rules.ts';

const PLAN: PlanInput = { currency: 'USD', charge_model: 'per_unit', effective_from: '2026-11-01' };
const convert = (fields: Partial<PlanInput>, rate: string) => {
  const { plan, faults } = convertPlan({ ...PLAN, ...fields }, decimal(rate));
  return { plan, faults: faults.map(({ pointer, code }) => `${pointer} ${code}`) };
};

describe('what is money is converted, and units stay', () => {
  test.each<[string, Partial<PlanInput>, Partial<PlanInput>]>([
    ['a price', { price_per_unit: '0.000002' }, { price_per_unit: '0.0000021714' }],
    [
      'tiers',
      {
        tiers: [
          { up_to: '100', price_per_unit: '2', flat_fee: '10' },
          { up_to: null, price_per_unit: '0' },
        ],
      },
      {
        tiers: [
          { up_to: '100', price_per_unit: '2.1714', flat_fee: '10.857' },
          { up_to: null, price_per_unit: '0' },
        ],
      },
    ],
    [
      'a package',
      { package_size: '1000', package_price: '5' },
      { package_size: '1000', package_price: '5.4285' },
    ],
    [
      'what each event costs, beside a rate in percent',
      { rate: '120', fixed_amount: '0.01' },
      { rate: '120', fixed_amount: '0.010857' },
    ],
    ['a flat amount', { amount: '100' }, { amount: '108.57' }],
    [
      'bounds beside included units',
      { included_units: '50', minimum_amount: '10', maximum_amount: '20' },
      { included_units: '50', minimum_amount: '10.857', maximum_amount: '21.714' },
    ],
    ['what is absent or null', { amount: null, tiers: null }, { amount: null, tiers: null }],
  ])('%s', (_, fields, expected) => {
    expect(convert(fields, '1.0857')).toEqual({ plan: { ...PLAN, ...expected }, faults: [] });
  });

  test.each<[string, Partial<PlanInput>, string, string[]]>([
    ['a price that rounds up to the last decimal', { price_per_unit: '0.000000000001' }, '0.5', []],
    [
      'a price that would vanish',
      { price_per_unit: '0.000000000001' },
      '0.499999999999',
      ['/price_per_unit out_of_range'],
    ],
    [
      'a fee of a tier that would vanish',
      { tiers: [{ up_to: null, price_per_unit: '1', flat_fee: '0.000000000001' }] },
      '0.1',
      ['/tiers/0/flat_fee out_of_range'],
    ],
    ['the most integer digits', { amount: '99999999999999999999999999' }, '1', []],
    ['one more', { amount: '99999999999999999999999999' }, '1.1', ['/amount out_of_range']],
  ])('%s', (_, fields, rate, expected) => {
    expect(convert(fields, rate).faults).toEqual(expected);
  });
});

test.each<[string, Record<string, string | null>, string[]]>([
  ['nothing', {}, []],
  ['nulls', { original_currency: null, conversion_date: null }, []],
  ['another currency', { original_currency: 'EUR' }, []],
  ['another currency and a day', { original_currency: 'EUR', conversion_date: '2024-02-29' }, []],
  ['the same currency', { original_currency: 'USD' }, ['/original_currency not_allowed']],
  ['a day alone', { conversion_date: '2026-11-20' }, ['/conversion_date not_allowed']],
  [
    'a day that is none',
    { original_currency: 'EUR', conversion_date: '2025-02-29' },
    ['/conversion_date invalid_date'],
  ],
])('a conversion of %s', (_, fields, expected) => {
  const faults = findConversionFaults({ currency: 'USD', ...fields });
  expect(faults.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(expected);
});
