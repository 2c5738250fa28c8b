/** Which plan version prices a metric's usage on each day of a period, and the error if only another currency does. */
import { AppError } from '../../core/error.ts';
import { firstDay, lastDay, type Month } from '../../core/time.ts';
import { listPlanSegments, type PlanSegment } from '../../pricing/plans/plans-by-day.ts';
import { type BillablePlan, type BillingInput, type MetricKey, metricKeyOf } from './billing-input.ts';
import { nameOf } from './line-draft.ts';

export type PriceDays = (metric: MetricKey, month: Month, currency: string) => readonly PlanSegment[];

/** Groups the plans once, on first use: an organisation may have a thousand prices and use five. */
export function pricesOf({ organisation_id, plans }: BillingInput): PriceDays {
  let byMetric: ReadonlyMap<string, BillablePlan[]> | undefined;
  return (metric, month, currency) => {
    byMetric ??= Map.groupBy(plans, metricKeyOf);
    return listPlanSegments(byMetric.get(metricKeyOf(metric)) ?? [], {
      organisation_id,
      metric_name: metric.metric_name,
      unit: metric.unit,
      currency,
      first_day: firstDay(month),
      last_day: lastDay(month),
    });
  };
}

export const segmentOn = (segments: readonly PlanSegment[], day: string): PlanSegment | undefined =>
  segments.find((segment) => segment.first_day <= day && day <= segment.last_day);

/** The version that prices a day; null if the usage is unpriced. Throws `currency_mismatch`. */
export function planOn(
  segments: readonly PlanSegment[],
  day: string,
  metric: MetricKey,
  currency: string,
): BillablePlan | null {
  const segment = segmentOn(segments, day);
  if (segment?.kind === 'priced') return segment.plan as BillablePlan;
  if (segment?.kind === 'currency_mismatch') throw currencyMismatch(metric, segment.currencies, currency);
  return null;
}

export const currencyMismatch = (
  metric: MetricKey,
  currencies: readonly string[],
  currency: string,
): AppError =>
  new AppError(
    'currency_mismatch',
    `${nameOf(metric)} is priced only in ${currencies.join(', ')}, but the period is billed in ${currency}. Create a plan in ${currency}.`,
  );
