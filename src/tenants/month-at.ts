/** The month of an organisation's calendar that contains an instant, for queries of usage as of now. */
import type { LedgerTransaction } from '../db/ledger.ts';
import { type BillingPeriod, bookingOf, derivePeriodAt } from './billing-period.ts';
import { loadCalendars } from './period-store.ts';

export interface CalendarMonth extends Pick<BillingPeriod, 'starts_at' | 'ends_at' | 'timezone'> {
  /** The days under which usage at the month's first instant, and at the given instant, is recorded. */
  readonly first_day: string;
  readonly today: string;
}

/** Without an organisation, or for one that does not exist, the month in UTC. */
export async function readMonthAt(
  tx: LedgerTransaction,
  organisationId: string | undefined,
  instant: number,
): Promise<CalendarMonth> {
  const [calendar] = organisationId === undefined ? [] : await loadCalendars(tx, [organisationId]);
  const period = derivePeriodAt(calendar ?? CALENDAR_OF_ALL, instant);
  const { starts_at, ends_at, timezone } = period;
  const first_day = bookingOf(period, starts_at).day;
  return { starts_at, ends_at, timezone, first_day, today: bookingOf(period, instant).day };
}

const CALENDAR_OF_ALL = {
  organisation_id: '',
  entries: [{ from_year: 2000, from_month: 1, timezone: 'UTC', currency: 'USD' }],
  periods: [],
};
