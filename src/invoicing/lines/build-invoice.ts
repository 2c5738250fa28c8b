import { add, type Decimal, formatDecimal, isNegative, sum, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { formatMoney } from '../../core/money.ts';
import type { RateInForce } from '../../pricing/fx/store.ts';
import type { LineItem, UnpricedUsage } from '../invoice.ts';
import { type BillingInput, compareTexts, type MetricKey, metricKeyOf } from './billing-input.ts';
import { buildCarriedLines } from './carried-lines.ts';
import { buildFlatLines } from './flat-lines.ts';
import type { Decrease } from './late-decrease.ts';
import { buildLateLines } from './late-lines.ts';
import { type LineDraft, toLineItem } from './line-draft.ts';
import { pricesOf } from './price-days.ts';
import { buildUsageLines } from './usage-lines.ts';

/** The lines, before discount and tax: see settle-invoice.ts. */
export interface BuiltInvoice {
  readonly lines: readonly LineItem[];
  /** Σ lines. */
  readonly total: string;
  readonly unpriced: readonly UnpricedUsage[];
  /** Late usage without a line, because it lowers an issued invoice. */
  readonly decreases: readonly Decrease[];
  /** The rates at which lines were converted. A line without a rate is marked as such. */
  readonly rates: readonly RateInForce[];
  /** The line of each adjustment taken up by the lines and the unpriced usage; 0 if unpriced. */
  readonly claims: ReadonlyMap<string, number>;
}

/**
 * The lines of an organisation's period, in this order: usage and flat fees by metric, unit and first day; then
 * quantities carried over from earlier periods; then late usage. Each line is rounded once and the total is their
 * sum (law 5). Every quantity is on a line, in the list of unpriced usage, or on an adjustment that stays open (law
 * 4). Pure.
 *
 * Throws `currency_mismatch` if usage or a fee is priced only in another currency. Without lines there is nothing
 * to invoice.
 */
export function buildInvoice(input: BillingInput): BuiltInvoice {
  const prices = pricesOf(input);
  const usage = buildUsageLines(input, prices);
  const own = [...usage.lines, ...buildFlatLines(input, prices)].sort(compareLines);
  const carried = buildCarriedLines(input, usage.lines).sort(compareLines);
  const late = buildLateLines(input, prices);

  const drafts = [...own, ...carried, ...late.lines];
  const total = sumOf(drafts);
  assert(!isNegative(total), 'an invoice is never negative');
  const claims = new Map(late.unpriced.map((adjustment) => [adjustment.id, 0]));
  drafts.forEach((draft, index) => {
    for (const id of draft.adjustment_ids) claims.set(id, index + 1);
  });
  return {
    lines: drafts.map((draft, index) => toLineItem(draft, index + 1, input.currency)),
    decreases: late.decreases,
    rates: [...new Set(drafts.flatMap((draft) => draft.original?.rate ?? []))],
    total: formatMoney(total, input.currency),
    unpriced: sumUnpriced([...usage.unpriced, ...late.unpriced]),
    claims,
  };
}

const sumOf = (lines: readonly LineDraft[]): Decimal => sum(lines.map((line) => line.amount));

const sortKeyOf = ({ plan, first_day, kind }: LineDraft): string[] => [
  plan.metric_name,
  plan.unit,
  first_day,
  kind,
  plan.id,
];

const compareLines = (a: LineDraft, b: LineDraft): number => compareTexts(sortKeyOf(a), sortKeyOf(b));

function sumUnpriced(rows: readonly (MetricKey & { readonly quantity: Decimal })[]): UnpricedUsage[] {
  return [...Map.groupBy(rows, metricKeyOf).values()]
    .flatMap((ofMetric) => {
      const [metric] = ofMetric;
      if (!metric) return [];
      const quantity = ofMetric.reduce((total, row) => add(total, row.quantity), ZERO);
      return [{ metric_name: metric.metric_name, unit: metric.unit, quantity: formatDecimal(quantity) }];
    })
    .sort((a, b) => compareTexts([a.metric_name, a.unit], [b.metric_name, b.unit]));
}
