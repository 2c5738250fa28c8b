import { describe, expect, test } from 'vitest';
import { findPlanFaults, type PlanInput, TIERS_MAX } from '../../../src/pricing/plans/plan-rules.ts';

const BASE = { currency: 'USD', effective_from: '2026-01-01' } as const;
const LIMITS = { included_units: '1', minimum_amount: '2', maximum_amount: '2.0' };
const ORGANISATION = '01900000-0000-7000-8000-00000000000a';
const OPEN = { up_to: null, price_per_unit: '1' };

const PER_UNIT: PlanInput = { ...BASE, charge_model: 'per_unit', price_per_unit: '0.5' };
const GRADUATED: PlanInput = {
  ...BASE,
  charge_model: 'graduated',
  tiers: [{ up_to: '100', price_per_unit: '2', flat_fee: '10' }, OPEN],
};
const VOLUME: PlanInput = { ...GRADUATED, charge_model: 'volume' };
const PACKAGE: PlanInput = { ...BASE, charge_model: 'package', package_size: '1000', package_price: '5' };
const FLAT: PlanInput = { ...BASE, charge_model: 'flat', amount: '49', organisation_id: ORGANISATION };

const PERCENTAGE: PlanInput = { ...BASE, charge_model: 'percentage', rate: '120' };

const faultsOf = (input: PlanInput): string[] =>
  findPlanFaults(input).map((fault) => `${fault.pointer} ${fault.code}`);

describe('a plan that keeps the rules has no fault', () => {
  test.each<[string, PlanInput]>([
    ['per_unit', PER_UNIT],
    ['graduated', GRADUATED],
    ['volume', VOLUME],
    ['package', PACKAGE],
    ['flat', FLAT],
    ['percentage', PERCENTAGE],
    ['percentage with all that it may have', { ...PERCENTAGE, ...LIMITS, fixed_amount: '0' }],
    ['the highest rate', { ...PERCENTAGE, rate: '1000.000000000000' }],
    ['the lowest rate', { ...PERCENTAGE, rate: '0.000000000001' }],
    ['free', { ...PER_UNIT, price_per_unit: '0' }],
    ['12 decimals', { ...PER_UNIT, price_per_unit: '0.000000000001' }],
    ['26 integer digits', { ...PER_UNIT, price_per_unit: '9'.repeat(26) }],
    ['one open tier', { ...GRADUATED, tiers: [OPEN] }],
    ['included units, minimum and maximum', { ...PACKAGE, ...LIMITS }],
    ['fields of others that are null', { ...PER_UNIT, tiers: null, amount: null, package_size: null }],
    ['of one organisation', { ...VOLUME, organisation_id: ORGANISATION }],
    ['one day long', { ...PER_UNIT, effective_to: '2026-01-02' }],
    ['from a leap day', { ...PER_UNIT, effective_from: '2028-02-29' }],
  ])('%s', (_, input) => {
    expect(findPlanFaults(input)).toEqual([]);
  });
});

describe('a plan has exactly the fields of its model', () => {
  test.each<[string, PlanInput, string[]]>([
    ['per_unit without its price', { ...PER_UNIT, price_per_unit: undefined }, ['/price_per_unit required']],
    ['per_unit with null for its price', { ...PER_UNIT, price_per_unit: null }, ['/price_per_unit required']],
    ['per_unit with tiers', { ...PER_UNIT, tiers: [OPEN] }, ['/tiers not_allowed']],
    ['graduated without tiers', { ...GRADUATED, tiers: undefined }, ['/tiers required']],
    ['graduated with a price', { ...GRADUATED, price_per_unit: '1' }, ['/price_per_unit not_allowed']],
    ['volume without tiers', { ...VOLUME, tiers: null }, ['/tiers required']],
    ['volume with an amount', { ...VOLUME, amount: '1' }, ['/amount not_allowed']],
    [
      'package without both',
      { ...PACKAGE, package_size: undefined, package_price: undefined },
      ['/package_size required', '/package_price required'],
    ],
    ['package with a price of units', { ...PACKAGE, price_per_unit: '1' }, ['/price_per_unit not_allowed']],
    ['percentage without a rate', { ...PERCENTAGE, rate: null, fixed_amount: '1' }, ['/rate required']],
    ['percentage with an amount', { ...PERCENTAGE, amount: '1' }, ['/amount not_allowed']],
    [
      'per_unit with what belongs to a percentage',
      { ...PER_UNIT, rate: '120', fixed_amount: '1' },
      ['/rate not_allowed', '/fixed_amount not_allowed'],
    ],
    ['flat with a rate', { ...FLAT, rate: '1' }, ['/rate not_allowed']],
    ['flat without an amount', { ...FLAT, amount: undefined }, ['/amount required']],
    ['flat without an organisation', { ...FLAT, organisation_id: null }, ['/organisation_id required']],
    ['flat with a package', { ...FLAT, package_size: '1' }, ['/package_size not_allowed']],
    [
      'flat with what belongs to usage',
      { ...FLAT, included_units: '1', minimum_amount: '1', maximum_amount: '2' },
      ['/included_units not_allowed', '/minimum_amount not_allowed', '/maximum_amount not_allowed'],
    ],
  ])('%s', (_, input, expected) => {
    expect(faultsOf(input)).toEqual(expected);
  });
});

describe('prices, amounts and units are decimals of the ledger, not negative', () => {
  test.each<[string, PlanInput, string[]]>([
    ['13 decimals', { ...PER_UNIT, price_per_unit: '0.0000000000001' }, ['/price_per_unit invalid_decimal']],
    [
      '27 integer digits',
      { ...PER_UNIT, price_per_unit: '1'.repeat(27) },
      ['/price_per_unit invalid_decimal'],
    ],
    ['an exponent', { ...PER_UNIT, price_per_unit: '1e3' }, ['/price_per_unit invalid_decimal']],
    ['empty', { ...PER_UNIT, price_per_unit: '' }, ['/price_per_unit invalid_decimal']],
    ['a negative price', { ...PER_UNIT, price_per_unit: '-0.01' }, ['/price_per_unit out_of_range']],
    ['an empty package', { ...PACKAGE, package_size: '0' }, ['/package_size out_of_range']],
    ['a negative package', { ...PACKAGE, package_size: '-1' }, ['/package_size out_of_range']],
    ['a negative package price', { ...PACKAGE, package_price: '-1' }, ['/package_price out_of_range']],
    ['a negative amount', { ...FLAT, amount: '-1' }, ['/amount out_of_range']],
    ['a rate of nothing', { ...PERCENTAGE, rate: '0.00' }, ['/rate out_of_range']],
    ['a negative rate', { ...PERCENTAGE, rate: '-1' }, ['/rate out_of_range']],
    ['a rate above the highest', { ...PERCENTAGE, rate: '1000.000000000001' }, ['/rate out_of_range']],
    ['a rate of 13 decimals', { ...PERCENTAGE, rate: '0.0000000000001' }, ['/rate invalid_decimal']],
    ['a rate with its sign', { ...PERCENTAGE, rate: '120%' }, ['/rate invalid_decimal']],
    ['a negative fixed amount', { ...PERCENTAGE, fixed_amount: '-0.01' }, ['/fixed_amount out_of_range']],
    ['a fixed amount in words', { ...PERCENTAGE, fixed_amount: 'ten' }, ['/fixed_amount invalid_decimal']],
    ['negative included units', { ...PER_UNIT, included_units: '-1' }, ['/included_units out_of_range']],
    ['a minimum in words', { ...PER_UNIT, minimum_amount: 'ten' }, ['/minimum_amount invalid_decimal']],
    ['a negative maximum', { ...PER_UNIT, maximum_amount: '-1' }, ['/maximum_amount out_of_range']],
    [
      'a maximum below the minimum',
      { ...PER_UNIT, minimum_amount: '10', maximum_amount: '9.999999999999' },
      ['/maximum_amount invalid_order'],
    ],
  ])('%s', (_, input, expected) => {
    expect(faultsOf(input)).toEqual(expected);
  });
});

describe('tiers rise, and only the last is open', () => {
  const tier = (up_to: string | null, price_per_unit = '1', flat_fee?: string) =>
    flat_fee === undefined ? { up_to, price_per_unit } : { up_to, price_per_unit, flat_fee };

  test.each<[string, PlanInput['tiers'], string[]]>([
    ['none', [], ['/tiers out_of_range']],
    ['a last tier that ends', [tier('10')], ['/tiers/0/up_to not_allowed']],
    ['an open tier before the last', [tier(null), tier(null)], ['/tiers/0/up_to required']],
    ['equal bounds', [tier('10'), tier('10.0'), tier(null)], ['/tiers/1/up_to invalid_order']],
    ['falling bounds', [tier('10'), tier('9.9'), tier(null)], ['/tiers/1/up_to invalid_order']],
    [
      'bounds that fall as numbers and rise as texts',
      [tier('10'), tier('9'), tier(null)],
      ['/tiers/1/up_to invalid_order'],
    ],
    ['bounds that rise as numbers and fall as texts', [tier('9'), tier('10'), tier(null)], []],
    ['a bound of zero', [tier('0'), tier(null)], ['/tiers/0/up_to out_of_range']],
    ['a negative bound', [tier('-1'), tier(null)], ['/tiers/0/up_to out_of_range']],
    ['a bound in words', [tier('ten'), tier(null)], ['/tiers/0/up_to invalid_decimal']],
    ['a negative price', [tier('1'), tier(null, '-1')], ['/tiers/1/price_per_unit out_of_range']],
    ['a negative fee', [tier('1', '1', '-1'), tier(null)], ['/tiers/0/flat_fee out_of_range']],
    ['a fee in words', [tier(null, '1', 'ten')], ['/tiers/0/flat_fee invalid_decimal']],
    [
      'several faults, each with its place',
      [tier('5', 'x'), tier('4'), tier('7')],
      [
        '/tiers/0/price_per_unit invalid_decimal',
        '/tiers/1/up_to invalid_order',
        '/tiers/2/up_to not_allowed',
      ],
    ],
  ])('%s', (_, tiers, expected) => {
    expect(faultsOf({ ...GRADUATED, tiers })).toEqual(expected);
    expect(faultsOf({ ...VOLUME, tiers })).toEqual(expected);
  });

  test('there is a limit on their number', () => {
    const bounded = (count: number) => Array.from({ length: count }, (_, index) => tier(`${index + 1}`));
    expect(faultsOf({ ...VOLUME, tiers: [...bounded(TIERS_MAX - 1), tier(null)] })).toEqual([]);
    expect(faultsOf({ ...VOLUME, tiers: [...bounded(TIERS_MAX), tier(null)] })).toEqual([
      '/tiers out_of_range',
    ]);
  });
});

describe('currency and days exist', () => {
  test.each<[string, Partial<PlanInput>, string[]]>([
    ['an unknown currency', { currency: 'ABC' }, ['/currency unknown_currency']],
    ['small letters', { currency: 'usd' }, ['/currency unknown_currency']],
    ['no such day', { effective_from: '2026-02-29' }, ['/effective_from invalid_date']],
    ['an instant', { effective_from: '2026-01-01T00:00:00Z' }, ['/effective_from invalid_date']],
    ['the year 0', { effective_from: '0000-01-01' }, ['/effective_from invalid_date']],
    ['no such end', { effective_to: '2026-04-31' }, ['/effective_to invalid_date']],
    ['an end on the first day', { effective_to: '2026-01-01' }, ['/effective_to invalid_order']],
    ['an end before it', { effective_to: '2025-12-31' }, ['/effective_to invalid_order']],
  ])('%s', (_, fields, expected) => {
    expect(faultsOf({ ...PER_UNIT, ...fields })).toEqual(expected);
  });
});
