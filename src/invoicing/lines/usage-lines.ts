import { sum } from '../../core/decimal.ts';
import { firstDay, lastDay } from '../../core/time.ts';
import type { PlanVersion } from '../../pricing/plans/charge-model.ts';
import type { PlanSegment } from '../../pricing/plans/plans-by-day.ts';
import {
  type BillablePlan,
  type BillingInput,
  countEvents,
  type DayUsage,
  type MetricKey,
  metricKeyOf,
  sharesOf,
} from './billing-input.ts';
import { chargeOf, type LineDraft, lineAmount, nameOf, negativePart } from './line-draft.ts';
import { type PriceDays, planOn } from './price-days.ts';

export interface UsageLines {
  readonly lines: readonly LineDraft[];
  /** Usage on days without a plan. */
  readonly unpriced: readonly DayUsage[];
}

/**
 * One line per metric, unit and plan version: the quantity over all projects on the days on which the version is in
 * force, rated separately, from zero, in full, without proration. A quantity of zero or less costs nothing and is
 * carried over to the next period. Throws `currency_mismatch`.
 */
export function buildUsageLines(input: BillingInput, prices: PriceDays): UsageLines {
  const lines: LineDraft[] = [];
  const unpriced: DayUsage[] = [];
  for (const days of Map.groupBy(input.usage, metricKeyOf).values()) {
    const [metric] = days;
    if (!metric) continue;
    const segments = prices(metric, input, input.currency);
    const byPlan = Map.groupBy(days, ({ day }) => planOn(segments, day, metric, input.currency));
    for (const [plan, rows] of byPlan) {
      if (plan === null) unpriced.push(...rows);
      else lines.push(usageLine(input, plan, segments, rows));
    }
  }
  return { lines, unpriced };
}

function usageLine(
  input: BillingInput,
  plan: BillablePlan,
  segments: readonly PlanSegment[],
  rows: readonly DayUsage[],
): LineDraft {
  const quantity = sum(rows.map((row) => row.quantity));
  const event_count = countEvents(rows);
  const { amount, unit_price, tiers } = chargeOf(plan, quantity, event_count);
  const days = daysOf(segments, plan);
  return {
    kind: 'usage',
    description: describe(input, plan, days),
    plan,
    year: input.year,
    month: input.month,
    ...days,
    quantity,
    unit_price,
    tiers,
    ...lineAmount(input, plan, amount),
    carried_quantity: negativePart(quantity),
    shares: sharesOf(rows),
    event_count,
    adjustment_ids: [],
  };
}

/** The first and the last day of the period with this version in force; an own version may interrupt a global one. */
function daysOf(
  segments: readonly PlanSegment[],
  plan: PlanVersion,
): { first_day: string; last_day: string } {
  const ruled = segments.filter((segment) => segment.kind === 'priced' && segment.plan.id === plan.id);
  return { first_day: ruled[0]?.first_day ?? '', last_day: ruled.at(-1)?.last_day ?? '' };
}

function describe(
  input: BillingInput,
  metric: MetricKey & { charge_model: string },
  { first_day, last_day }: { first_day: string; last_day: string },
): string {
  const isWhole = first_day === firstDay(input) && last_day === lastDay(input);
  const days = isWhole ? '' : `, ${first_day} to ${last_day}`;
  return `${nameOf(metric)}${days}${metric.charge_model === 'flat' ? ', covered by the flat fee' : ''}`;
}
