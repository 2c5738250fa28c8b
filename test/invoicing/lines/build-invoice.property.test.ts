import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compare,
  type Decimal,
  decimal,
  formatDecimal,
  isNegative,
  isZero,
  maximum,
  subtract,
  sum,
  ZERO,
} from '../../../src/core/decimal.ts';
import { roundMoney } from '../../../src/core/money.ts';
import { compareMonths } from '../../../src/core/time.ts';
import type { LineItem } from '../../../src/invoicing/invoice.ts';
import {
  type BillablePlan,
  countEvents,
  type DayUsage,
  type OpenAdjustment,
} from '../../../src/invoicing/lines/billing-input.ts';
import { type BuiltInvoice, buildInvoice } from '../../../src/invoicing/lines/build-invoice.ts';
import type { Decrease, LineCredit } from '../../../src/invoicing/lines/late-decrease.ts';
import { chargeOf } from '../../../src/invoicing/lines/line-draft.ts';
import { cases } from '../../pricing/plans/cases.ts';
import { adjustment, billing, invoicedPeriod, invoiceIdOf, ORGANISATION, plan, usage } from '../billing.ts';

const MONTHS = [1, 2, 3, 4, 5, 6];

/** A day's usage. `delay`: by how many invoices it is late. */
const entry = fc.record({
  month: fc.constantFrom(...MONTHS.slice(0, 4)),
  dayOfMonth: fc.integer({ min: 1, max: 28 }),
  project_id: fc.constantFrom('p1', 'p2'),
  metric_name: fc.constantFrom('a', 'b', 'unpriced'),
  thousandths: fc.integer({ min: -20_000, max: 40_000 }),
  delay: fc.constantFrom(0, 0, 0, 1, 2),
  event_count: fc.integer({ min: 1, max: 9 }),
});

const tiers = [
  { up_to: '10', price_per_unit: '2', flat_fee: '3' },
  { up_to: '30', price_per_unit: '0.333' },
  { up_to: null, price_per_unit: '1.005' },
];
const prices: fc.Arbitrary<BillablePlan[]> = fc
  .tuple(
    fc.constantFrom('per_unit', 'graduated', 'volume', 'package', 'percentage'),
    fc.integer({ min: 1, max: 28 }),
    fc.boolean(),
  )
  .map(([charge_model, day, hasMinimum]) => {
    const model = {
      charge_model,
      ...(charge_model === 'per_unit' && { price_per_unit: '0.125' }),
      ...(charge_model === 'percentage' && { rate: '120.5', fixed_amount: '0.335' }),
      ...(charge_model === 'package' && { package_size: '7', package_price: '5.555' }),
      ...((charge_model === 'graduated' || charge_model === 'volume') && { tiers }),
      ...(hasMinimum && { minimum_amount: '4' }),
    } as Partial<BillablePlan>;
    const change = `2026-02-${String(day).padStart(2, '0')}`;
    const own = { organisation_id: ORGANISATION, effective_from: change, effective_to: '2026-03-10' };
    return [
      plan({ metric_name: 'a', ...model }),
      plan({ metric_name: 'a', price_per_unit: '3', ...own }),
      plan({ metric_name: 'b', price_per_unit: '0.01' }),
    ];
  });

const total = (texts: readonly string[]): Decimal => sum(texts.map(decimal));

test('over a chain of invoices nothing is lost, nothing is negative, and each segment costs what one line would', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 25, size: 'large' }), prices, (entries, plans) => {
      const invoices: BuiltInvoice[] = [];
      const standing = new Set<number>();
      const booked: Decimal[] = [];
      const credited: Decrease[] = [];
      let open: OpenAdjustment[] = [];
      let eventsBooked = 0;
      for (const month of MONTHS) {
        const days: DayUsage[] = [];
        for (const {
          dayOfMonth,
          thousandths,
          delay,
          metric_name,
          project_id,
          event_count,
          ...other
        } of entries) {
          if (other.month + delay !== month) continue;
          const day = `2026-${String(other.month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
          const quantity = formatDecimal({ units: BigInt(thousandths), scale: 3 });
          const row = { metric_name, project_id, event_count };
          if (metric_name !== 'unpriced') eventsBooked += event_count;
          booked.push(decimal(quantity));
          if (delay === 0) days.push(usage(day, quantity, row));
          else open.push(adjustment('late', day, quantity, row));
        }
        const build = (): BuiltInvoice =>
          buildInvoice(
            billing({
              month,
              usage: days,
              plans,
              invoiced: [...standing].map((each) => invoicedPeriod(each, invoices, plans, credited)),
              adjustments: open.filter((each) => compareMonths(each, { year: 2026, month }) < 0),
            }),
          );
        const { decreases } = build();
        for (const decrease of decreases) {
          credited.push(decrease);
          open = open.filter((each) => !decrease.adjustment_ids.includes(each.id));
          const { carried_quantity, last_day, metric_name } = decrease;
          if (isZero(carried_quantity)) continue;
          open.push(adjustment('carried', last_day, formatDecimal(carried_quantity), { metric_name }));
        }
        const built = build();
        expect(built.decreases).toEqual([]);
        check(built);
        invoices.push(built);
        standing.add(month);
        open = open.filter((each) => !built.claims.has(each.id));
        for (const line of built.lines) {
          if (line.carried_quantity === '0') continue;
          const { metric_name, carried_quantity, last_day } = line;
          open.push(adjustment('carried', last_day, carried_quantity, { metric_name, month }));
        }
      }

      const lines = invoices.flatMap((invoice) => invoice.lines);
      const unpriced = invoices.flatMap((invoice) => invoice.unpriced);
      const accounted = sum([
        ...lines.map((line) => subtract(decimal(line.quantity), decimal(line.carried_quantity))),
        ...credited.map((decrease) => subtract(decrease.quantity, decrease.carried_quantity)),
        ...unpriced.map((row) => decimal(row.quantity)),
        ...open.map((each) => each.quantity),
      ]);
      expect(formatDecimal(accounted)).toBe(formatDecimal(sum(booked)));
      const priced = [...lines, ...credited, ...open].filter((each) => each.metric_name !== 'unpriced');
      expect(countEvents(priced)).toBe(eventsBooked);

      const lineOf = (credit: LineCredit): LineItem => {
        const invoice = invoices.find((_, index) => invoiceIdOf(index) === credit.invoice_id);
        const line = invoice?.lines.find((each) => each.line_number === credit.line_number);
        if (!line) throw new Error('a credit of an unknown line');
        return line;
      };
      const credits = credited.flatMap((decrease) => decrease.credits);
      for (const [line, ofLine] of Map.groupBy(credits, lineOf)) {
        for (const { amount } of ofLine) expect(compare(amount, ZERO)).toBe(1);
        const back = sum(ofLine.map(({ amount }) => amount));
        expect(compare(back, decimal(line.total))).toBeLessThanOrEqual(0);
      }

      const segmentOf = ({ month, credits: [first] }: Decrease): string =>
        first ? `${month} ${lineOf(first).pricing_plan_id}` : 'none';
      const segments = Map.groupBy(lines, (line) => `${line.month} ${line.pricing_plan_id}`);
      for (const [segment, ofSegment] of segments) {
        const version = plans.find((each) => each.id === ofSegment[0]?.pricing_plan_id);
        if (!version) throw new Error('a line of an unknown plan');
        const credits = credited.filter((decrease) => segmentOf(decrease) === segment);
        const net = sum([
          ...ofSegment.map((line) => subtract(decimal(line.quantity), decimal(line.carried_quantity))),
          ...credits.map((decrease) => subtract(decrease.quantity, decrease.carried_quantity)),
        ]);
        const back = sum(credits.flatMap((decrease) => decrease.credits.map(({ amount }) => amount)));
        const charged = subtract(total(ofSegment.map((line) => line.total)), back);
        const n = countEvents(ofSegment) + countEvents(credits);
        const { amount } = chargeOf(version, maximum(net, ZERO), n);
        expect(formatDecimal(charged)).toBe(formatDecimal(roundMoney(amount, 'USD')));
      }
    }),
    cases(2_000),
  );
});

function check(built: BuiltInvoice): void {
  expect(isNegative(decimal(built.total))).toBe(false);
  expect(compare(total(built.lines.map((line) => line.total)), decimal(built.total))).toBe(0);
  for (const line of built.lines) {
    expect(compare(total(line.by_project.map((share) => share.amount)), decimal(line.total))).toBe(0);
    expect(compare(total(line.by_project.map((share) => share.quantity)), decimal(line.quantity))).toBe(0);
    expect(compare(decimal(line.carried_quantity), ZERO)).toBeLessThanOrEqual(0);
  }
}
