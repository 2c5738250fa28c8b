import { describe, expect, test } from 'vitest';
import { decimal, formatDecimal, sum } from '../../../src/core/decimal.ts';
import type { OpenAdjustment } from '../../../src/invoicing/lines/billing-input.ts';
import { buildInvoice } from '../../../src/invoicing/lines/build-invoice.ts';
import type { Decrease } from '../../../src/invoicing/lines/late-decrease.ts';
import {
  adjustment,
  billing,
  brief,
  briefDecreases,
  invoicedPeriod,
  METRIC,
  ORGANISATION,
  plan,
  rateOf,
  usage,
} from '../billing.ts';

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
    // 14 are 24.00; 8.00 are already charged.
    expect(brief(up)).toEqual(['late 10 16.00']);
    expect(up.decreases).toEqual([]);
  });

  test('below zero gives back all and carries the rest on', () => {
    const input = { ...october, adjustments: [late('-10')], usage: [usage('2026-10-01', '10')] };
    const built = buildInvoice(input);
    expect(brief(built)).toEqual(['usage 10 20.00']);
    expect(briefDecreases(built)).toEqual(['-10, invoice 0/1 16']);
    expect(built.decreases[0]?.carried_quantity).toEqual(decimal('-2'));
    // The -2 was carried over to October: September is at zero.
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
    // 0.1665 rounds to 0.17, and both together 0.333 round to 0.33: a credit is never off by more than half a cent.
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

describe('late usage of a percentage, which charges for each event too', () => {
  const margin = plan({ charge_model: 'percentage', rate: '120', fixed_amount: '0.01' });
  const september = buildInvoice(
    billing({ plans: [margin], usage: [usage('2026-09-05', '12.3456', { event_count: 3 })] }),
  );
  const rated = (adjustments: readonly OpenAdjustment[], credited: readonly Decrease[] = []) =>
    buildInvoice(
      billing({
        month: 10,
        plans: [margin],
        invoiced: [invoicedPeriod(9, [september], [margin], credited)],
        adjustments,
      }),
    );
  const late = (quantity: string, event_count: number, project_id = 'p1') =>
    adjustment('late', '2026-09-20', quantity, { event_count, project_id });

  test.each<[string, OpenAdjustment[], string[]]>([
    // 13.3456 in 5 are 16.06472.
    ['more, in two events', [late('1', 2)], ['late 1 1.22']],
    // 12.3446 in 7 are 14.88352.
    ['less, in so many events that it is more', [late('-0.001', 4)], ['late -0.001 0.04']],
    // 12.3456 in 5 are 14.86472.
    ['nothing, in two events', [late('1', 1), late('-1', 1, 'p2')], ['late 0 0.02']],
  ])('%s: what all of it costs less the 14.84 that were invoiced', (_, adjustments, expected) => {
    expect(brief(september)).toEqual(['usage 12.3456 14.84']);
    expect(brief(rated(adjustments))).toEqual(expected);
  });

  test('what was credited still counts the events that lowered it', () => {
    const down = rated([late('-1', 1)]);
    // 11.3456 in 4 are 13.65472.
    expect(briefDecreases(down)).toEqual(['-1, invoice 0/1 1.19']);
    expect(down.decreases).toMatchObject([{ event_count: 1 }]);
    // 11.3446 in 8 are 13.69352: without the credited event they would be a cent less.
    expect(brief(rated([late('-0.001', 4)], down.decreases))).toEqual(['late -0.001 0.04']);
  });

  test('with nothing left of the quantity the events are given back too', () => {
    const down = rated([late('-12.3456', 9)]);
    expect(briefDecreases(down)).toEqual(['-12.3456, invoice 0/1 14.84']);
    // 1 in 13 events.
    expect(brief(rated([late('1', 1)], down.decreases))).toEqual(['late 1 1.33']);
  });
});
