/** The months for which an organisation is billed: [starts_at, ends_at) in the zone in which they were created. */
import { TIMESTAMP_MIN } from '../core/read-fields.ts';
import {
  compareMonths,
  dayOf,
  firstDay,
  hourOf,
  lastDay,
  type Month,
  monthOf,
  nextMonth,
  previousMonth,
  startOfMonth,
} from '../core/time.ts';

export interface BillingPeriod extends Month {
  readonly organisation_id: string;
  readonly starts_at: number;
  readonly ends_at: number;
  readonly timezone: string;
  readonly currency: string;
  readonly status: 'open' | 'closed';
}

/** Zone and currency of new periods from a month on. */
export interface CalendarEntry {
  readonly from_year: number;
  readonly from_month: number;
  readonly timezone: string;
  readonly currency: string;
}

export interface OrganisationCalendar {
  readonly organisation_id: string;
  /** In order of their months; the first one also applies to all earlier months. */
  readonly entries: readonly CalendarEntry[];
  /** The existing periods. */
  readonly periods: readonly BillingPeriod[];
}

function entryOf(calendar: OrganisationCalendar, month: Month): CalendarEntry {
  let found = calendar.entries[0];
  for (const entry of calendar.entries) {
    if (compareMonths({ year: entry.from_year, month: entry.from_month }, month) <= 0) found = entry;
  }
  if (!found) throw new Error(`organisation ${calendar.organisation_id} has no calendar`);
  return found;
}

const existing = (calendar: OrganisationCalendar, month: Month): BillingPeriod | undefined =>
  calendar.periods.find((period) => compareMonths(period, month) === 0);

const FIRST_MONTH: Month = { year: 2000, month: 1 };

function endOf(calendar: OrganisationCalendar, month: Month): number {
  const period = existing(calendar, month);
  if (period) return period.ends_at;
  const next = nextMonth(month);
  const start = startOfMonth(next, entryOf(calendar, month).timezone);
  // Events are dated from 2000 on in UTC; west of Greenwich January 2000 takes the hours before its own midnight.
  return compareMonths(next, FIRST_MONTH) === 0 ? Math.min(start, TIMESTAMP_MIN) : start;
}

/**
 * The period of a month: the existing one, otherwise the one to create. It ends at midnight of its own zone
 * and starts where the previous month ends, so a new zone leaves neither a gap nor an overlap.
 */
export function derivePeriod(calendar: OrganisationCalendar, month: Month): BillingPeriod {
  const found = existing(calendar, month);
  if (found) return found;
  const { timezone, currency } = entryOf(calendar, month);
  return {
    organisation_id: calendar.organisation_id,
    year: month.year,
    month: month.month,
    starts_at: endOf(calendar, previousMonth(month)),
    ends_at: endOf(calendar, month),
    timezone,
    currency,
    status: 'open',
  };
}

export const holds = (period: BillingPeriod, instant: number): boolean =>
  period.starts_at <= instant && instant < period.ends_at;

/** The period that contains an instant; around a change of zone it may be the month before or after the local one. */
export function derivePeriodAt(calendar: OrganisationCalendar, instant: number): BillingPeriod {
  const guess = derivePeriod(calendar, monthOf(instant, 'UTC'));
  if (holds(guess, instant)) return guess;
  const month = instant < guess.starts_at ? previousMonth(guess) : nextMonth(guess);
  return derivePeriod(calendar, month);
}

/**
 * The local hour and day of an event in its period; a day outside the month, at a change of zone, counts as
 * the month's first or last day.
 */
export function bookingOf(period: BillingPeriod, instant: number): { hour: number; day: string } {
  const day = dayOf(instant, period.timezone);
  const first = firstDay(period);
  const last = lastDay(period);
  return { hour: hourOf(instant, period.timezone), day: day < first ? first : day > last ? last : day };
}
