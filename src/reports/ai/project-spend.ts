import { readWithin } from '../../access/reach.ts';
import {
  type Decimal,
  decimal,
  formatFixed,
  fromInteger,
  multiply,
  quotientHalfAwayFromZero,
  ZERO,
} from '../../core/decimal.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type CalendarMonth, readMonthAt } from '../../tenants/month-at.ts';
import type { CallFilter } from './call-filter.ts';
import { deriveSums } from './call-sums.ts';
import { sumSpend } from './spend-store.ts';

export interface Projection {
  readonly as_of: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly timezone: string;
  readonly spend_so_far: string;
  readonly total_calls: number;
  readonly total_input_tokens: string;
  readonly total_output_tokens: string;
  readonly unpriced_calls: number;
  readonly elapsed_ms: number;
  readonly period_ms: number;
  /** With two decimals. */
  readonly projected_monthly: string;
}

const CENTS = 2;

/**
 * Extrapolates the month's spend at its current pace: 7 spent in 2 of 30 days → 105.00. At the month's first
 * instant nothing is known, so 0. Half away from zero.
 */
export function deriveProjection(spent: Decimal, elapsedMs: number, periodMs: number): string {
  if (elapsedMs <= 0) return formatFixed(ZERO, CENTS);
  const [elapsed, period] = [fromInteger(BigInt(elapsedMs)), fromInteger(BigInt(periodMs))];
  return formatFixed(quotientHalfAwayFromZero(multiply(spent, period), elapsed, CENTS), CENTS);
}

/** The spend since the month began, and the projected spend of the whole month. */
export const projectSpend = (
  ctx: Ctx,
  filter: Pick<CallFilter, 'organisation_id' | 'user_id'>,
): Promise<Projection> =>
  readWithin(ctx, filter, async (tx, narrowed) => {
    const month = await readMonthAt(tx, narrowed.organisation_id, ctx.now);
    const sums = deriveSums(await sumSpend(tx, partsOf(narrowed, month, ctx.now)));
    const elapsed_ms = ctx.now - month.starts_at;
    const period_ms = month.ends_at - month.starts_at;
    return {
      as_of: formatInstant(ctx.now),
      period_start: formatInstant(month.starts_at),
      period_end: formatInstant(month.ends_at),
      timezone: month.timezone,
      spend_so_far: sums.total_cost,
      total_calls: sums.call_count,
      total_input_tokens: sums.input_tokens,
      total_output_tokens: sums.output_tokens,
      unpriced_calls: sums.unpriced_calls,
      elapsed_ms,
      period_ms,
      projected_monthly: deriveProjection(decimal(sums.total_cost), elapsed_ms, period_ms),
    };
  });

/**
 * Statistics for the days that are over, and calls for today so far. Across all organisations, days differ by time
 * zone, so only calls are used.
 */
function partsOf(
  filter: CallFilter,
  { starts_at, first_day, today }: CalendarMonth,
  now: number,
): Parameters<typeof sumSpend>[1] {
  const to = formatInstant(now);
  if (filter.organisation_id === undefined)
    return [{ of: 'calls', filter: { ...filter, from: formatInstant(starts_at), to } }];
  return [
    { of: 'days', filter: { ...filter, from: first_day, to: today } },
    { of: 'calls', filter: { ...filter, from: today, to } },
  ];
}
