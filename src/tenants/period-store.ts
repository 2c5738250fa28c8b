/** The SQL of billing periods and of the calendars from which they are derived. */
import { formatInstant } from '../core/time.ts';
import { bareArray, instantArray, textArray } from '../db/array-literal.ts';
import { columns, type RowOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { BillingPeriod, CalendarEntry, OrganisationCalendar } from './billing-period.ts';

const PERIOD = columns('billing_periods', [
  'organisation_id',
  'year',
  'month',
  'starts_at',
  'ends_at',
  'timezone',
  'currency',
  'status',
]);
type PeriodRow = RowOf<typeof PERIOD> & Pick<BillingPeriod, 'status'>;

const periodOf = (row: PeriodRow): BillingPeriod => ({
  ...row,
  starts_at: Date.parse(row.starts_at),
  ends_at: Date.parse(row.ends_at),
});

export async function lockPeriods(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
  from: number,
  to: number,
): Promise<BillingPeriod[]> {
  const rows = await tx.query<PeriodRow>(
    `SELECT ${PERIOD} FROM billing_periods
     WHERE organisation_id = ANY ($1::uuid[]) AND ends_at > $2 AND starts_at <= $3
     ORDER BY organisation_id, year, month FOR SHARE`,
    [bareArray(organisationIds), formatInstant(from), formatInstant(to)],
  );
  return rows.map(periodOf);
}

const ENTRY = columns('billing_calendars', [
  'organisation_id',
  'from_year',
  'from_month',
  'timezone',
  'currency',
]);

export async function loadCalendars(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<OrganisationCalendar[]> {
  const ids = [bareArray(organisationIds)];
  const entries = await tx.query<RowOf<typeof ENTRY>>(
    `SELECT ${ENTRY} FROM billing_calendars
     WHERE organisation_id = ANY ($1::uuid[]) ORDER BY from_year, from_month`,
    ids,
  );
  const periods = await tx.query<PeriodRow>(
    `SELECT ${PERIOD} FROM billing_periods WHERE organisation_id = ANY ($1::uuid[]) ORDER BY starts_at`,
    ids,
  );
  const calendars = new Map<string, { entries: CalendarEntry[]; periods: BillingPeriod[] }>();
  for (const { organisation_id, ...entry } of entries) {
    const calendar = calendars.get(organisation_id) ?? { entries: [], periods: [] };
    calendar.entries.push(entry);
    calendars.set(organisation_id, calendar);
  }
  for (const row of periods) calendars.get(row.organisation_id)?.periods.push(periodOf(row));
  return [...calendars].map(([organisation_id, calendar]) => ({ organisation_id, ...calendar }));
}

const NEW_PERIOD = columns('billing_periods', [
  'organisation_id',
  'year',
  'month',
  'starts_at',
  'ends_at',
  'timezone',
  'currency',
]);

export async function insertPeriods(tx: LedgerTransaction, periods: readonly BillingPeriod[]): Promise<void> {
  await tx.execute(
    `INSERT INTO billing_periods (${NEW_PERIOD})
     SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])
     ON CONFLICT DO NOTHING`,
    [
      bareArray(periods.map((period) => period.organisation_id)),
      bareArray(periods.map((period) => period.year)),
      bareArray(periods.map((period) => period.month)),
      instantArray(periods.map((period) => period.starts_at)),
      instantArray(periods.map((period) => period.ends_at)),
      textArray(periods.map((period) => period.timezone)),
      textArray(periods.map((period) => period.currency)),
    ],
  );
}
