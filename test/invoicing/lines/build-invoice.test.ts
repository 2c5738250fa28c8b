import { describe, expect, test } from 'vitest';
import { buildInvoice } from '../../../src/invoicing/lines/build-invoice.ts';
import { adjustment, billing, brief, METRIC, ORGANISATION, plan, rateOf, usage } from '../billing.ts';

const atTwo = plan({ price_per_unit: '2' });

describe('usage lines', () => {
  test('sum the projects, and each bears its part of the rounded total', () => {
    const thirds = plan({ price_per_unit: '0.333' });
    const days = ['p1', 'p2', 'p3'].map((project_id) => usage('2026-09-01', '1', { project_id }));
    const { lines, total } = buildInvoice(billing({ plans: [thirds], usage: days }));
    expect(total).toBe('1.00');
    expect(lines[0]?.by_project).toEqual([
      { project_id: 'p1', quantity: '1', amount: '0.34' },
      { project_id: 'p2', quantity: '1', amount: '0.33' },
      { project_id: 'p3', quantity: '1', amount: '0.33' },
    ]);
  });

  test('a price change inside the month splits it, each version from zero, in full and unprorated', () => {
    const until = plan({
      charge_model: 'graduated',
      tiers: [
        { up_to: '10', price_per_unit: '1', flat_fee: '5' },
        { up_to: null, price_per_unit: '0.5' },
      ],
      effective_to: '2026-09-15',
    });
    const from = plan({ price_per_unit: '3', effective_from: '2026-09-15', minimum_amount: '100' });
    const days = [usage('2026-09-14', '20'), usage('2026-09-15', '1'), usage('2026-09-30', '1')];
    const { lines } = buildInvoice(billing({ plans: [from, until], usage: days }));
    expect(lines).toMatchObject([
      {
        description: 'api_calls (call), 2026-09-01 to 2026-09-14',
        quantity: '20',
        unit_price: null,
        total: '20.00',
        tiers: [
          { from: '0', to: '10', quantity: '10', price_per_unit: '1', flat_fee: '5', amount: '15' },
          { from: '10', to: null, quantity: '10', price_per_unit: '0.5', flat_fee: '0', amount: '5' },
        ],
      },
      { first_day: '2026-09-15', last_day: '2026-09-30', quantity: '2', unit_price: '3', total: '100.00' },
    ]);
  });

  test('a global version that an own one interrupts keeps one line', () => {
    const own = plan({
      organisation_id: ORGANISATION,
      price_per_unit: '1',
      effective_from: '2026-09-10',
      effective_to: '2026-09-20',
    });
    const days = ['2026-09-09', '2026-09-10', '2026-09-19', '2026-09-20'].map((day) => usage(day, '1'));
    const { lines } = buildInvoice(billing({ plans: [atTwo, own], usage: days }));
    expect(lines).toMatchObject([
      { quantity: '2', total: '4.00', first_day: '2026-09-01', last_day: '2026-09-30' },
      { quantity: '2', total: '2.00', first_day: '2026-09-10', last_day: '2026-09-19' },
    ]);
  });

  test('are ordered by metric, unit and first day, and numbered from 1', () => {
    const metrics = [
      { metric_name: 'b', unit: '' },
      { metric_name: 'a', unit: 'y' },
      { metric_name: 'a', unit: 'x' },
    ];
    const { lines } = buildInvoice(
      billing({
        plans: metrics.map((metric) => plan({ ...metric, price_per_unit: '1' })),
        usage: metrics.map((metric) => usage('2026-09-02', '1', metric)),
      }),
    );
    expect(lines.map((line) => [line.line_number, line.description])).toEqual([
      [1, 'a (x)'],
      [2, 'a (y)'],
      [3, 'b'],
    ]);
  });

  test.each([
    ['0', 'usage 0 0.00', '0'],
    ['-4', 'usage -4 0.00', '-4'],
  ])('a quantity of %s costs nothing, minimum included, and its rest goes on', (quantity, line, carried) => {
    const plans = [plan({ price_per_unit: '2', minimum_amount: '10' })];
    const built = buildInvoice(billing({ plans, usage: [usage('2026-09-01', quantity)] }));
    expect(brief(built)).toEqual([line]);
    expect(built.lines[0]?.carried_quantity).toBe(carried);
  });

  test('usage without a plan is listed and makes no line; a withdrawn day counts to it too', () => {
    const plans = [plan({ price_per_unit: '2', effective_from: '2026-09-02' })];
    const days = [
      usage('2026-09-01', '1.5'),
      usage('2026-09-02', '1'),
      usage('2026-09-01', '2', { unit: 'x' }),
    ];
    const built = buildInvoice(billing({ plans, usage: days }));
    expect(brief(built)).toEqual(['usage 1 2.00']);
    expect(built.unpriced).toEqual([
      { ...METRIC, quantity: '1.5' },
      { ...METRIC, unit: 'x', quantity: '2' },
    ]);
  });

  test('a price in one other currency is converted; in several it is refused by name; one in both is used', () => {
    const euros = plan({ price_per_unit: '2.005', currency: 'EUR' });
    const pounds = plan({ price_per_unit: '2', currency: 'GBP' });
    const input = billing({ plans: [euros], usage: [usage('2026-09-01', '1')] });
    const rate = rateOf('EUR', '1.25');
    const converted = buildInvoice({ ...input, rates: new Map([['EUR', rate]]) });
    // 2.50625, rounded once.
    expect(brief(converted)).toEqual(['usage 1 2.51']);
    expect(converted.lines).toMatchObject([
      { original_currency: 'EUR', original_amount: '2.005', exchange_rate: '1.25' },
    ]);
    expect(converted.rates).toEqual([rate]);
    expect(buildInvoice(input).lines).toMatchObject([
      { total: '0.00', original_amount: '2.005', exchange_rate: null },
    ]);
    expect(() => buildInvoice({ ...input, plans: [euros, pounds] })).toThrow(
      /api_calls \(call\) is priced only in EUR, GBP.*USD/,
    );
    expect(brief(buildInvoice({ ...input, plans: [euros, pounds, atTwo] }))).toEqual(['usage 1 2.00']);
    expect(brief(buildInvoice({ ...input, usage: [] }))).toEqual([]);
  });
});

test('a percentage takes the events of all its days, and is in the currency of its plan, whatever the unit', () => {
  const cost = { metric_name: 'ai.cost_usd', unit: 'usd' };
  const days = [
    usage('2026-09-01', '10', { ...cost, event_count: 2 }),
    usage('2026-09-30', '2.3456', { ...cost, event_count: 1 }),
  ];
  const margin = { ...cost, charge_model: 'percentage', rate: '120', fixed_amount: '0.01' } as const;
  const built = buildInvoice(billing({ plans: [plan(margin)], usage: days }));
  expect(built.lines).toMatchObject([
    { quantity: '12.3456', unit_price: null, tiers: null, total: '14.84', event_count: 3 },
  ]);
  const euros = [plan({ ...margin, currency: 'EUR' })];
  const rates = new Map([['EUR', rateOf('EUR', '1.25')]]);
  // 14.84472 EUR are 18.5559 USD.
  expect(buildInvoice(billing({ plans: euros, usage: days, rates })).lines).toMatchObject([
    { total: '18.56', currency: 'USD', original_currency: 'EUR', original_amount: '14.84472' },
  ]);
});

describe('flat fees', () => {
  const flat = {
    organisation_id: ORGANISATION,
    charge_model: 'flat',
    metric_name: 'platform',
    unit: '',
  } as const;

  test.each([
    ['the whole month', { effective_from: '2026-01-01' }, ['flat 1 49.00']],
    ['its last day', { effective_from: '2026-09-30' }, ['flat 1 49.00']],
    ['from the day after', { effective_from: '2026-10-01' }, []],
    ['until its first day', { effective_from: '2026-01-01', effective_to: '2026-09-01' }, []],
    ['until its second day', { effective_from: '2026-01-01', effective_to: '2026-09-02' }, ['flat 1 49.00']],
    ['of another organisation', { effective_from: '2026-01-01', organisation_id: 'other' }, []],
  ])('are charged once in full: %s', (_, fields, expected) => {
    expect(brief(buildInvoice(billing({ plans: [plan({ ...flat, amount: '49', ...fields })] })))).toEqual(
      expected,
    );
  });

  test('of two versions in the month the later is charged', () => {
    const plans = [
      plan({ ...flat, amount: '49', effective_to: '2026-09-10' }),
      plan({ ...flat, amount: '59', effective_from: '2026-09-10' }),
    ];
    expect(buildInvoice(billing({ plans })).lines).toMatchObject([
      { kind: 'flat', unit_price: null, total: '59.00', first_day: '2026-09-01', last_day: '2026-09-30' },
    ]);
  });

  test('cover the usage of their metric: it is on a line and costs nothing', () => {
    const plans = [atTwo, plan({ ...flat, ...METRIC, amount: '49' })];
    const built = buildInvoice(billing({ plans, usage: [usage('2026-09-01', '7')] }));
    expect(brief(built)).toEqual(['flat 1 49.00', 'usage 7 0.00']);
  });

  test('in one other currency are converted, in several refused', () => {
    const euros = plan({ ...flat, amount: '49', currency: 'EUR' });
    const input = billing({ plans: [euros], rates: new Map([['EUR', rateOf('EUR', '1.1')]]) });
    expect(brief(buildInvoice(input))).toEqual(['flat 1 53.90']);
    const pounds = plan({ ...flat, amount: '39', currency: 'GBP' });
    expect(() => buildInvoice({ ...input, plans: [euros, pounds] })).toThrow(
      /platform is priced only in EUR, GBP/,
    );
  });
});

describe('carried quantities', () => {
  const carried = (quantity: string) => adjustment('carried', '2026-08-31', quantity);
  test.each([
    ['less than the usage', ['-4'], ['usage 10 20.00', 'carried -4 -8.00'], '0'],
    ['all of it', ['-10'], ['usage 10 20.00', 'carried -10 -20.00'], '0'],
    ['more, in two parts', ['-10', '-4'], ['usage 10 20.00', 'carried -14 -20.00'], '-4'],
  ])('%s', (_, quantities, expected, rest) => {
    const adjustments = quantities.map(carried);
    const built = buildInvoice(billing({ plans: [atTwo], usage: [usage('2026-09-01', '10')], adjustments }));
    expect(brief(built)).toEqual(expected);
    expect(built.lines[1]).toMatchObject({
      carried_quantity: rest,
      description: 'Carried over from 2026-08: api_calls (call)',
      by_project: [{ project_id: null }],
    });
    expect([...built.claims]).toEqual(adjustments.map(({ id }) => [id, 2]));
  });

  test.each([
    ['a part', '-4', 'carried -4 -4.80'],
    ['all of it', '-10', 'carried -10 -12.05'],
  ])('of a percentage: the events of the usage still cost theirs, but for %s', (_, quantity, expected) => {
    const margin = plan({ charge_model: 'percentage', rate: '120', fixed_amount: '0.01' });
    const days = [usage('2026-09-01', '10', { event_count: 5 })];
    const built = buildInvoice(billing({ plans: [margin], usage: days, adjustments: [carried(quantity)] }));
    expect(brief(built)).toEqual(['usage 10 12.05', expected]);
  });

  test('stay open where the period has no positive usage of the metric', () => {
    const adjustments = [carried('-4')];
    const days = [usage('2026-09-01', '-1'), usage('2026-09-01', '5', { unit: 'other' })];
    const plans = [atTwo, plan({ price_per_unit: '1', unit: 'other' })];
    const built = buildInvoice(billing({ plans, usage: days, adjustments }));
    expect(brief(built)).toEqual(['usage -1 0.00', 'usage 5 5.00']);
    expect(built.claims.size).toBe(0);
  });

  test('are taken off the first version of the month alone', () => {
    const plans = [
      plan({ price_per_unit: '2', effective_to: '2026-09-10' }),
      plan({ price_per_unit: '3', effective_from: '2026-09-10' }),
    ];
    const days = [usage('2026-09-01', '5'), usage('2026-09-10', '5')];
    const built = buildInvoice(billing({ plans, usage: days, adjustments: [carried('-8')] }));
    expect(brief(built)).toEqual(['usage 5 10.00', 'usage 5 15.00', 'carried -8 -10.00']);
    expect(built.lines[2]?.carried_quantity).toBe('-3');
  });
});
