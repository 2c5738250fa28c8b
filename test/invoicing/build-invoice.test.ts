import { describe, expect, test } from 'vitest';
import { decimal, formatDecimal, sum } from '../../src/core/decimal.ts';
import type { OpenAdjustment, RateInForce } from '../../src/invoicing/billing-input.ts';
import { buildInvoice } from '../../src/invoicing/build-invoice.ts';
import type { Decrease } from '../../src/invoicing/late-decrease.ts';
import {
  adjustment,
  billing,
  brief,
  briefDecreases,
  invoicedPeriod,
  METRIC,
  ORGANISATION,
  plan,
  usage,
} from './billing.ts';

const atTwo = plan({ price_per_unit: '2' });
const rateOf = (base_currency: string, rate: string): RateInForce => ({
  id: `rate of ${base_currency}`,
  base_currency,
  rate,
  effective_from: '2026-01-01T00:00:00.000Z',
  source: 'manual',
});

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
      /api_calls \(call\) is priced in EUR, GBP only.*USD/,
    );
    expect(brief(buildInvoice({ ...input, plans: [euros, pounds, atTwo] }))).toEqual(['usage 1 2.00']);
    expect(brief(buildInvoice({ ...input, usage: [] }))).toEqual([]);
  });
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
      /platform is priced in EUR, GBP only/,
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

describe('late usage', () => {
  const tiered = plan({
    charge_model: 'graduated',
    tiers: [
      { up_to: '10', price_per_unit: '2' },
      { up_to: null, price_per_unit: '1' },
    ],
  });
  const september = buildInvoice(billing({ plans: [tiered], usage: [usage('2026-09-05', '8')] }));
  const invoiced = [invoicedPeriod(9, [september], [tiered])];
  const october = billing({ month: 10, plans: [tiered], invoiced });
  const late = (quantity: string, day = '2026-09-20') => adjustment('late', day, quantity);

  test.each([
    ['up, through the tiers', ['2', '5'], ['late 7 9.00']],
    ['up and down to nothing', ['3', '-3'], ['late 0 0.00']],
  ])('%s: what all of it costs less what was invoiced', (_, quantities, expected) => {
    const built = buildInvoice({ ...october, adjustments: quantities.map((quantity) => late(quantity)) });
    expect(brief(built)).toEqual(expected);
    expect(built.lines[0]).toMatchObject({ year: 2026, month: 9, first_day: '2026-09-20' });
    expect(built.lines[0]?.description).toMatch(/^Adjustment for 2026-09: api_calls \(call\)/);
  });

  test('down is never on a line: it goes back to the line that charged it, whatever the month can bear', () => {
    const adjustments = [late('-1'), late('-2')];
    for (const days of [[], [usage('2026-10-01', '3')], [usage('2026-10-01', '0.01')]]) {
      const built = buildInvoice({ ...october, adjustments, usage: days });
      expect(brief(built)).toEqual(brief(buildInvoice({ ...october, usage: days })));
      expect(briefDecreases(built)).toEqual(['-3, invoice 0/1 6']);
      expect(built.decreases).toMatchObject([
        {
          ...METRIC,
          year: 2026,
          month: 9,
          carried_quantity: decimal('0'),
          adjustment_ids: adjustments.map(({ id }) => id),
          credits: [{ original_amount: decimal('6.00') }],
        },
      ]);
      expect(built.claims.size).toBe(0);
    }
  });

  test('down past its own line goes on to the one before: the newest gives first', () => {
    const first = buildInvoice({ ...october, adjustments: [late('4')] });
    expect(brief(first)).toEqual(['late 4 6.00']);
    const both = [september, first];
    const november = (quantity: string) =>
      buildInvoice(
        billing({
          month: 11,
          plans: [tiered],
          invoiced: [invoicedPeriod(9, both, [tiered])],
          adjustments: [late(quantity)],
        }),
      );
    // 12 are 22.00: 11 are 21.00, 8 are 16.00 and 3 are 6.00.
    expect(briefDecreases(november('-1'))).toEqual(['-1, invoice 1/1 1']);
    expect(briefDecreases(november('-4'))).toEqual(['-4, invoice 1/1 6']);
    expect(briefDecreases(november('-9'))).toEqual(['-9, invoice 1/1 6, invoice 0/1 10']);
  });

  test('down again, and up again, is priced beside what was credited', () => {
    const down = buildInvoice({ ...october, adjustments: [late('-3')] });
    const rated = (adjustments: readonly OpenAdjustment[], credited: readonly Decrease[]) =>
      buildInvoice({
        ...october,
        adjustments,
        invoiced: [invoicedPeriod(9, [september], [tiered], credited)],
      });
    const again = rated([late('-1')], down.decreases);
    expect(briefDecreases(again)).toEqual(['-1, invoice 0/1 2']);
    const up = rated([late('10')], [...down.decreases, ...again.decreases]);
    // 14 are 24.00; 8.00 stand.
    expect(brief(up)).toEqual(['late 10 16.00']);
    expect(up.decreases).toEqual([]);
  });

  test('below zero gives back all and carries the rest on', () => {
    const input = { ...october, adjustments: [late('-10')], usage: [usage('2026-10-01', '10')] };
    const built = buildInvoice(input);
    expect(brief(built)).toEqual(['usage 10 20.00']);
    expect(briefDecreases(built)).toEqual(['-10, invoice 0/1 16']);
    expect(built.decreases[0]?.carried_quantity).toEqual(decimal('-2'));
    // The -2 went on to October: September stands at nothing.
    const credited = invoicedPeriod(9, [september], [tiered], built.decreases);
    expect(brief(buildInvoice({ ...october, adjustments: [late('1')], invoiced: [credited] }))).toEqual([
      'late 1 2.00',
    ]);
  });

  test('later still is priced on top of what earlier invoices adjusted', () => {
    const first = buildInvoice({ ...october, adjustments: [late('4')] });
    expect(brief(first)).toEqual(['late 4 6.00']);
    const november = billing({
      month: 11,
      plans: [tiered],
      invoiced: [invoicedPeriod(9, [september, first], [tiered])],
      adjustments: [late('1')],
    });
    expect(brief(buildInvoice(november))).toEqual(['late 1 1.00']);
  });

  test('of a converted line goes back at its own rate, to zero exactly in however many parts', () => {
    const euros = plan({ price_per_unit: '1', currency: 'EUR' });
    const then = new Map([['EUR', rateOf('EUR', '0.333')]]);
    const issued = buildInvoice(billing({ plans: [euros], usage: [usage('2026-09-05', '10')], rates: then }));
    expect(brief(issued)).toEqual(['usage 10 3.33']);
    const credited: Decrease[] = [];
    for (let part = 0; part < 20; part++) {
      const { decreases } = buildInvoice(
        billing({
          month: 10,
          plans: [euros],
          rates: new Map([['EUR', rateOf('EUR', '9')]]),
          invoiced: [invoicedPeriod(9, [issued], [euros], credited)],
          adjustments: [late('-0.5')],
        }),
      );
      credited.push(...decreases);
    }
    const amounts = credited.flatMap(({ credits }) => credits.map(({ amount }) => formatDecimal(amount)));
    // 0.1665 is 0.17, and both together 0.333 are 0.33: what goes back is never off by more than half a cent.
    expect(amounts.slice(0, 4)).toEqual(['0.17', '0.16', '0.17', '0.17']);
    expect(formatDecimal(sum(amounts.map(decimal)))).toBe('3.33');
  });

  test('of a period without a standing invoice stays open', () => {
    const adjustments = [late('4'), late('-5')];
    const built = buildInvoice({ ...october, adjustments, invoiced: [] });
    expect(brief(built)).toEqual([]);
    expect(built.decreases).toEqual([]);
    expect(built.claims.size).toBe(0);
  });

  test('uses the version that the invoice used, also where an own one was entered since', () => {
    const own = plan({
      organisation_id: ORGANISATION,
      price_per_unit: '100',
      created_at: '2026-12-02T00:00:00.000Z',
    });
    const adjustments = [late('1')];
    expect(brief(buildInvoice({ ...october, plans: [tiered, own], adjustments }))).toEqual(['late 1 2.00']);
    const before = { ...own, created_at: '2026-11-30T00:00:00.000Z' };
    expect(brief(buildInvoice({ ...october, plans: [tiered, before], adjustments }))).toEqual([
      'late 1 100.00',
    ]);
  });

  test('without a plan is listed as unpriced and claimed; a day that is priced since is charged', () => {
    const other = adjustment('late', '2026-09-20', '4', { unit: 'other' });
    const built = buildInvoice({ ...october, adjustments: [other, late('1')] });
    expect(built.unpriced).toEqual([{ ...METRIC, unit: 'other', quantity: '4' }]);
    expect(built.claims.get(other.id)).toBe(0);
    const priced = plan({ unit: 'other', price_per_unit: '1' });
    expect(brief(buildInvoice({ ...october, plans: [tiered, priced], adjustments: [other] }))).toEqual([
      'late 4 4.00',
    ]);
  });
});
