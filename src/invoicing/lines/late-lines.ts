/** Usage that arrived after its own period was closed. */
import { isNegative } from '../../core/decimal.ts';
import { compareMonths, type Month } from '../../core/time.ts';
import {
  type BillablePlan,
  type BillingInput,
  compareTexts,
  type InvoicedPeriod,
  type MetricKey,
  metricKeyOf,
  type OpenAdjustment,
  sharesOf,
} from './billing-input.ts';
import { type Decrease, decreaseOf } from './late-decrease.ts';
import { type LateSegment, segmentOf } from './late-segment.ts';
import { chargeOf, type LineDraft, lineAmount, nameOf, nameOfMonth, negativePart } from './line-draft.ts';
import { type PriceDays, planOn } from './price-days.ts';

export interface LateLines {
  readonly lines: readonly LineDraft[];
  /** Usage that lowers an issued invoice: for credit notes, never for a line. */
  readonly decreases: readonly Decrease[];
  /** Late usage on days without a plan: claimed, and listed with the period's own unpriced usage. */
  readonly unpriced: readonly OpenAdjustment[];
}

/**
 * One line per earlier period, metric, unit and plan version. Q, n and A are the quantity, the events and the
 * amount charged so far for that segment (its usage line and later adjustments, less credits): amount = charge(Q +
 * late, n + events of late) − A, in the plan's currency. So the total charge is what one line would have charged.
 * If the amount is below zero, it becomes a decrease, not a line. If Q + late is below zero, the charge is 0 and
 * the rest is carried over.
 *
 * Only periods whose own invoice is issued and not cancelled are adjusted; other adjustments stay open. Throws
 * `currency_mismatch`.
 */
export function buildLateLines(input: BillingInput, prices: PriceDays): LateLines {
  const lines: LineDraft[] = [];
  const decreases: Decrease[] = [];
  const unpriced: OpenAdjustment[] = [];
  for (const period of [...input.invoiced].sort(compareMonths)) {
    const ofPeriod = input.adjustments.filter(
      (adjustment) => adjustment.kind === 'late' && compareMonths(adjustment, period) === 0,
    );
    for (const late of Map.groupBy(ofPeriod, metricKeyOf).values()) {
      const byPlan = Map.groupBy(late, versionOf(period, prices));
      for (const [plan, adjustments] of byPlan) {
        if (plan === null) {
          unpriced.push(...adjustments);
          continue;
        }
        const segment = segmentOf(period, plan, adjustments);
        if (isNegative(segment.change)) decreases.push(decreaseOf(segment));
        else lines.push(lateLine(input, segment));
      }
    }
  }
  return { lines: lines.sort(compareLate), decreases, unpriced };
}

/**
 * The version that the period's own invoice used for a day. A version in force now that was created before that
 * invoice was issued was in force then too, even if it had no usage and so no line. A version created later does
 * not apply retroactively.
 */
function versionOf(
  period: InvoicedPeriod,
  prices: PriceDays,
): (adjustment: OpenAdjustment) => BillablePlan | null {
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
 * Of a metric's lines, the one whose days include a given day. If an own version interrupts a global one, its days
 * lie within the global line's days, so the narrowest line is the right one.
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

function lateLine(input: BillingInput, segment: LateSegment): LineDraft {
  const { plan, adjustments, together, events_together, year, month } = segment;
  const days = adjustments.map((adjustment) => adjustment.day).sort();
  return {
    kind: 'late',
    description: `Adjustment for ${nameOfMonth(segment)}: ${nameOf(plan)}, price from ${plan.effective_from}`,
    plan,
    year,
    month,
    first_day: days[0] ?? '',
    last_day: days.at(-1) ?? '',
    quantity: segment.quantity,
    unit_price: chargeOf(plan, together, events_together).unit_price,
    tiers: null,
    ...lineAmount(input, plan, segment.change),
    carried_quantity: negativePart(together),
    shares: sharesOf(adjustments),
    event_count: segment.event_count,
    adjustment_ids: adjustments.map((adjustment) => adjustment.id),
  };
}

const compareLate = (a: LineDraft, b: LineDraft): number =>
  compareMonths(a as Month, b as Month) ||
  compareTexts(
    [a.plan.metric_name, a.plan.unit, a.first_day, a.plan.id],
    [b.plan.metric_name, b.plan.unit, b.first_day, b.plan.id],
  );
