/** Usage that came after its own period was closed. */
import { add, type Decimal, isNegative, maximum, subtract, sum, ZERO } from '../core/decimal.ts';
import { compareMonths, type Month } from '../core/time.ts';
import type { PlanVersion } from '../pricing/charge-model.ts';
import {
  type BillingInput,
  compareTexts,
  countEvents,
  type InvoicedLine,
  type InvoicedPeriod,
  type MetricKey,
  metricKeyOf,
  type OpenAdjustment,
  sharesOf,
} from './billing-input.ts';
import { chargeOf, type LineDraft, nameOf, nameOfMonth, negativePart, roundedCharge } from './line-draft.ts';
import { type PriceDays, planOn } from './price-days.ts';

export interface LateLines {
  readonly lines: readonly LineDraft[];
  /** Late usage on days without a plan: claimed, and listed with the period's own. */
  readonly unpriced: readonly OpenAdjustment[];
}

/**
 * One line per earlier period, metric, unit and plan version. With Q and A the quantity and the amount already invoiced
 * for that segment (its usage line and what adjusted it since): amount = charge(Q + late) − A, so that all lines together
 * charge what one would have. Where Q + late is below zero the charge is 0 and the rest is carried on.
 *
 * Only periods whose own invoice stands are adjusted; the others' adjustments stay open, as do those of a period that was
 * billed in another currency. `runningTotal` is the sum of all other lines: an adjustment that would bring the total
 * below zero stays open for a later invoice. Throws `currency_mismatch`.
 */
export function buildLateLines(input: BillingInput, prices: PriceDays, runningTotal: Decimal): LateLines {
  const candidates: LineDraft[] = [];
  const unpriced: OpenAdjustment[] = [];
  for (const period of [...input.invoiced].sort(compareMonths)) {
    if (period.currency !== input.currency) continue;
    const ofPeriod = input.adjustments.filter(
      (adjustment) => adjustment.kind === 'late' && compareMonths(adjustment, period) === 0,
    );
    for (const late of Map.groupBy(ofPeriod, metricKeyOf).values()) {
      const byPlan = Map.groupBy(late, versionOf(period, prices));
      for (const [plan, adjustments] of byPlan) {
        if (plan === null) unpriced.push(...adjustments);
        else candidates.push(lateLine(period, plan, adjustments));
      }
    }
  }
  return { lines: keepPositive(candidates.sort(compareLate), runningTotal), unpriced };
}

/**
 * The version that the period's own invoice used for a day. A version in force now that was entered before that invoice
 * was issued was in force then too, even where it had no usage and so no line; a later one does not reach back.
 */
function versionOf(
  period: InvoicedPeriod,
  prices: PriceDays,
): (adjustment: OpenAdjustment) => PlanVersion | null {
  const usageLines = period.lines.filter((line) => line.kind === 'usage');
  return (adjustment) => {
    const { day } = adjustment;
    const used = narrowestLine(usageLines, adjustment, day)?.plan;
    const segments = prices(adjustment, period, period.currency);
    if (used === undefined) return planOn(segments, day, adjustment, period.currency);
    const inForce = segments.find((segment) => segment.first_day <= day && day <= segment.last_day);
    if (inForce?.kind !== 'priced') return used;
    const plan = planOn(segments, day, adjustment, period.currency);
    return plan !== null && plan.created_at <= period.issued_at ? plan : used;
  };
}

/**
 * Of the lines of a metric the one whose days hold a day. Where an own version interrupts a global one, the own one's
 * days lie within the other's: the narrowest line is the right one.
 */
export function narrowestLine<Line extends MetricKey & { first_day: string; last_day: string }>(
  lines: readonly Line[],
  metric: MetricKey,
  day: string,
): Line | undefined {
  return lines
    .filter(
      (line) =>
        line.metric_name === metric.metric_name &&
        line.unit === metric.unit &&
        line.first_day <= day &&
        day <= line.last_day,
    )
    .reduce<Line | undefined>(
      (found, line) =>
        !found || found.first_day < line.first_day || found.last_day > line.last_day ? line : found,
      undefined,
    );
}

function lateLine(
  period: InvoicedPeriod,
  plan: PlanVersion,
  adjustments: readonly OpenAdjustment[],
): LineDraft {
  const invoiced = period.lines.filter((line) => line.kind !== 'flat' && line.plan.id === plan.id);
  const quantity = sum(adjustments.map((adjustment) => adjustment.quantity));
  const together = add(netQuantityOf(invoiced), quantity);
  const before = sum(invoiced.map((line) => line.total));
  const days = adjustments.map((adjustment) => adjustment.day).sort();
  return {
    kind: 'late',
    description: `Adjustment for ${nameOfMonth(period)}: ${nameOf(plan)}, price from ${plan.effective_from}`,
    plan,
    year: period.year,
    month: period.month,
    first_day: days[0] ?? '',
    last_day: days.at(-1) ?? '',
    quantity,
    unit_price: chargeOf(plan, together).unit_price,
    tiers: null,
    amount: subtract(roundedCharge(plan, maximum(together, ZERO)), before),
    carried_quantity: negativePart(together),
    shares: sharesOf(adjustments),
    event_count: countEvents(adjustments),
    adjustment_ids: adjustments.map((adjustment) => adjustment.id),
  };
}

/** What the segment has been charged for: a part that was carried on is charged where it went. */
const netQuantityOf = (lines: readonly InvoicedLine[]): Decimal =>
  sum(lines.map((line) => subtract(line.quantity, line.carried_quantity)));

const compareLate = (a: LineDraft, b: LineDraft): number =>
  compareMonths(a as Month, b as Month) ||
  compareTexts(
    [a.plan.metric_name, a.plan.unit, a.first_day, a.plan.id],
    [b.plan.metric_name, b.plan.unit, b.first_day, b.plan.id],
  );

/** No invoice is negative: first all that adds, then of what takes away as much as there is room for, the oldest first. */
function keepPositive(lines: readonly LineDraft[], runningTotal: Decimal): LineDraft[] {
  const added = lines.filter((line) => !isNegative(line.amount)).map((line) => line.amount);
  let total = add(runningTotal, sum(added));
  return lines.filter((line) => {
    if (!isNegative(line.amount)) return true;
    const after = add(total, line.amount);
    if (isNegative(after)) return false;
    total = after;
    return true;
  });
}
