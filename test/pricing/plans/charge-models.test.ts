import { describe, expect, test } from 'vitest';
import { decimal, formatDecimal } from '../../../src/core/decimal.ts';
import type { PlanVersion, Tier } from '../../../src/pricing/plans/charge-model.ts';
import { rateFlat } from '../../../src/pricing/plans/flat.ts';
import { rateUsage } from '../../../src/pricing/plans/rate-usage.ts';
import { planOf } from './plans.ts';

const amountOf = (plan: PlanVersion, quantity: string, events?: number): string =>
  formatDecimal(rateUsage(plan, decimal(quantity), events).amount);

const PRICED = { charge_model: 'per_unit', price_per_unit: '0.0025' } as const;

describe('per_unit charges every billable unit at the price, exactly', () => {
  test.each([
    ['nothing', '0', '0'],
    ['less than nothing', '-5', '0'],
    ['one unit', '1', '0.0025'],
    ['part of a unit', '0.000000000001', '0.0000000000000025'],
    ['a thousand', '1000', '2.5'],
    [
      'the largest quantity',
      '99999999999999999999999999.999999999999',
      '249999999999999999999999.9999999999999975',
    ],
  ])('%s: %s → %s', (_, quantity, expected) => {
    expect(amountOf(planOf(PRICED), quantity)).toBe(expected);
  });

  test('the line shows the price of a unit in canonical form', () => {
    const plan = planOf({ ...PRICED, price_per_unit: '02.50' });
    expect(rateUsage(plan, decimal('3'))).toMatchObject({ unit_price: '2.5', tiers: null });
    expect(rateUsage(plan, decimal('0'))).toMatchObject({ unit_price: '2.5', tiers: null });
  });
});

const TIERS: Tier[] = [
  { up_to: '100', price_per_unit: '2', flat_fee: '10' },
  { up_to: '200.5', price_per_unit: '1' },
  { up_to: null, price_per_unit: '0.5', flat_fee: '7.00' },
];

describe('graduated charges each unit at its own tier and the fee of each tier entered', () => {
  const plan = planOf({ charge_model: 'graduated', tiers: TIERS });

  test.each([
    ['nothing enters no tier', '0', '0'],
    ['a crumb enters the first', '0.000000000001', '10.000000000002'],
    ['one unit', '1', '12'],
    ['just below the boundary', '99.999999999999', '209.999999999998'],
    ['the boundary belongs to the tier below', '100', '210'],
    ['just above it', '100.000000000001', '210.000000000001'],
    ['boundary + 1', '101', '211'],
    ['the second boundary', '200.5', '310.5'],
    ['just above it', '200.500000000001', '317.5000000000005'],
    ['boundary + 1', '201.5', '318'],
    [
      'the largest quantity',
      '99999999999999999999999999.999999999999',
      '50000000000000000000000217.2499999999995',
    ],
  ])('%s: %s → %s', (_, quantity, expected) => {
    expect(amountOf(plan, quantity)).toBe(expected);
  });

  test('the line shows each tier entered, and their amounts add up', () => {
    expect(rateUsage(plan, decimal('201'))).toMatchObject({
      unit_price: null,
      tiers: [
        { from: '0', to: '100', quantity: '100', price_per_unit: '2', flat_fee: '10', amount: '210' },
        { from: '100', to: '200.5', quantity: '100.5', price_per_unit: '1', flat_fee: '0', amount: '100.5' },
        { from: '200.5', to: null, quantity: '0.5', price_per_unit: '0.5', flat_fee: '7', amount: '7.25' },
      ],
    });
    expect(rateUsage(plan, decimal('100')).tiers).toHaveLength(1);
    expect(rateUsage(plan, decimal('0')).tiers).toEqual([]);
  });
});

describe('volume charges all units, and one fee, at the tier reached', () => {
  const plan = planOf({ charge_model: 'volume', tiers: TIERS });

  test.each([
    ['nothing reaches no tier', '0', '0'],
    ['one unit', '1', '12'],
    ['the boundary belongs to the tier below', '100', '210'],
    ['just above it', '100.000000000001', '100.000000000001'],
    ['boundary + 1', '101', '101'],
    ['the second boundary', '200.5', '200.5'],
    ['just above it', '200.500000000001', '107.2500000000005'],
    ['boundary + 1', '201.5', '107.75'],
    [
      'the largest quantity',
      '99999999999999999999999999.999999999999',
      '50000000000000000000000006.9999999999995',
    ],
  ])('%s: %s → %s', (_, quantity, expected) => {
    expect(amountOf(plan, quantity)).toBe(expected);
  });

  test('the line shows the one tier reached, with its bounds and the whole quantity', () => {
    expect(rateUsage(plan, decimal('150')).tiers).toEqual([
      { from: '100', to: '200.5', quantity: '150', price_per_unit: '1', flat_fee: '0', amount: '150' },
    ]);
    expect(rateUsage(plan, decimal('0')).tiers).toEqual([]);
  });
});

describe('package rounds up to whole packages after the included units', () => {
  const plan = planOf({
    charge_model: 'package',
    package_size: '1000',
    package_price: '5',
    included_units: '500',
  });

  test.each([
    ['nothing', '0', '0'],
    ['fewer than the included units', '499', '0'],
    ['the included units exactly', '500', '0'],
    ['a crumb above them', '500.000000000001', '5'],
    ['one above them', '501', '5'],
    ['one full package', '1500', '5'],
    ['boundary + 1', '1501', '10'],
    ['the largest quantity', '99999999999999999999999999.999999999999', '500000000000000000000000'],
  ])('%s: %s → %s', (_, quantity, expected) => {
    expect(amountOf(plan, quantity)).toBe(expected);
  });

  test('a package may be a fraction of a unit', () => {
    const tenths = planOf({ charge_model: 'package', package_size: '0.1', package_price: '0.03' });
    expect(amountOf(tenths, '0.3')).toBe('0.09');
    expect(amountOf(tenths, '0.31')).toBe('0.12');
    expect(rateUsage(tenths, decimal('1'))).toMatchObject({ unit_price: null, tiers: null });
  });
});

describe('flat charges its amount, usage or not', () => {
  const plan = planOf({ charge_model: 'flat', amount: '49.00' });

  test.each(['-1', '0', '1', '1000000'])('%s units → 49', (quantity) => {
    expect(amountOf(plan, quantity)).toBe('49');
  });

  test('rateFlat needs no quantity', () => {
    expect(rateFlat(plan)).toEqual({ amount: decimal('49.00'), unit_price: null, tiers: null });
  });
});

describe('percentage charges that part of the quantity, and its fixed amount for each event', () => {
  const plan = planOf({ charge_model: 'percentage', rate: '120', fixed_amount: '0.01' });

  test.each<[string, string, number, string]>([
    ['nothing, whatever its events', '0', 3, '0'],
    ['less than nothing', '-5', 3, '0'],
    ['a crumb of one event', '0.000000000001', 1, '0.0100000000012'],
    ['no event that is known', '1', 0, '1.2'],
    ['one event', '1', 1, '1.21'],
    ['a cost in three events', '12.3456', 3, '14.84472'],
    ['as many events as can be counted', '1', Number.MAX_SAFE_INTEGER, '90071992547411.11'],
    [
      'the largest quantity',
      '99999999999999999999999999.999999999999',
      1,
      '120000000000000000000000000.0099999999988',
    ],
  ])('%s: %s in %i → %s', (_, quantity, events, expected) => {
    expect(amountOf(plan, quantity, events)).toBe(expected);
  });

  test.each<[string, Partial<PlanVersion>, string]>([
    ['no fixed amount', { fixed_amount: null }, '14.81472'],
    ['the smallest rate', { rate: '0.000000000001' }, '0.030000000000123456'],
    ['all of it included but its events', { included_units: '20' }, '0.03'],
    ['a part of it included', { included_units: '2.3456' }, '12.03'],
    ['a minimum', { minimum_amount: '15' }, '15'],
    ['a maximum', { maximum_amount: '14.84471' }, '14.84471'],
  ])('12.3456 in 3 with %s → %s', (_, fields, expected) => {
    expect(amountOf({ ...plan, ...fields }, '12.3456', 3)).toBe(expected);
  });

  test('a unit has no price of its own', () => {
    expect(rateUsage(plan, decimal('1'), 1)).toMatchObject({ unit_price: null, tiers: null });
  });
});

describe('included units, minimum and maximum hold for every usage model, in this order', () => {
  const plan = planOf({
    ...PRICED,
    included_units: '1000',
    minimum_amount: '1',
    maximum_amount: '50',
  });

  test.each([
    ['no usage owes no minimum', '0', '0'],
    ['a correction owes no minimum', '-1', '0'],
    ['any usage owes the minimum', '0.000000000001', '1'],
    ['included units are free, the minimum is not', '1000', '1'],
    ['the minimum exactly', '1400', '1'],
    ['above the minimum', '1401', '1.0025'],
    ['the maximum exactly', '21000', '50'],
    ['above the maximum', '21001', '50'],
  ])('%s: %s → %s', (_, quantity, expected) => {
    expect(amountOf(plan, quantity)).toBe(expected);
  });

  test('fewer units than are included are no credit', () => {
    expect(amountOf(planOf({ ...PRICED, included_units: '1000' }), '999')).toBe('0');
  });

  test('a maximum of zero makes everything free', () => {
    expect(amountOf(planOf({ ...PRICED, maximum_amount: '0' }), '1000')).toBe('0');
  });

  test('tiers begin after the included units', () => {
    const graduated = planOf({ charge_model: 'graduated', tiers: TIERS, included_units: '50' });
    expect(amountOf(graduated, '49')).toBe('0');
    expect(amountOf(graduated, '50')).toBe('0');
    expect(amountOf(graduated, '150')).toBe('210');
    expect(amountOf(graduated, '151')).toBe('211');
  });
});

describe('a row that breaks the rules of its model is a defect, not a price of zero', () => {
  test.each([
    ['per_unit without a price', planOf({ charge_model: 'per_unit' })],
    ['graduated without tiers', planOf({ charge_model: 'graduated' })],
    ['volume with no tiers', planOf({ charge_model: 'volume', tiers: [] })],
    ['package without a size', planOf({ charge_model: 'package', package_price: '1' })],
    ['flat without an amount', planOf({ charge_model: 'flat' })],
    ['percentage without a rate', planOf({ charge_model: 'percentage', fixed_amount: '1' })],
    [
      'volume without a last tier',
      planOf({ charge_model: 'volume', tiers: [{ up_to: '1', price_per_unit: '1' }] }),
    ],
  ])('%s throws', (_, plan) => {
    expect(() => rateUsage(plan, decimal('5'))).toThrow(/assertion failed/);
  });
});
