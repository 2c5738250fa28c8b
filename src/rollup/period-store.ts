/** The SQL of billing periods: their calendars, their locks and their end. */
import { AppError } from '../core/error.ts';
import { firstDay, formatInstant, lastDay } from '../core/time.ts';
import { bareArray, instantArray, textArray } from '../db/array-literal.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { BillingPeriod, CalendarEntry, OrganisationCalendar } from '../tenants/billing-period.ts';
import type { CutoffLedger, PeriodKey, PeriodTransaction } from './close-period.ts';
import { readCursor } from './cursor-store.ts';

interface PeriodRow extends Omit<BillingPeriod, 'starts_at' | 'ends_at'> {
  readonly starts_at: string;
  readonly ends_at: string;
}

const periodOf = (row: PeriodRow): BillingPeriod => ({
  ...row,
  starts_at: Date.parse(row.starts_at),
  ends_at: Date.parse(row.ends_at),
});

const PERIOD_COLUMNS = 'organisation_id, year, month, starts_at, ends_at, timezone, currency, status';

export async function lockPeriods(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
  from: number,
  to: number,
): Promise<BillingPeriod[]> {
  const rows = await tx.query<PeriodRow>(
    `SELECT ${PERIOD_COLUMNS} FROM billing_periods
     WHERE organisation_id = ANY ($1::uuid[]) AND ends_at > $2 AND starts_at <= $3
     ORDER BY organisation_id, year, month FOR SHARE`,
    [bareArray(organisationIds), formatInstant(from), formatInstant(to)],
  );
  return rows.map(periodOf);
}

export async function loadCalendars(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<OrganisationCalendar[]> {
  const ids = [bareArray(organisationIds)];
  const entries = await tx.query<CalendarEntry & { organisation_id: string }>(
    `SELECT organisation_id, from_year, from_month, timezone, currency FROM billing_calendars
     WHERE organisation_id = ANY ($1::uuid[]) ORDER BY from_year, from_month`,
    ids,
  );
  const periods = await tx.query<PeriodRow>(
    `SELECT ${PERIOD_COLUMNS} FROM billing_periods WHERE organisation_id = ANY ($1::uuid[]) ORDER BY starts_at`,
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

export async function insertPeriods(tx: LedgerTransaction, periods: readonly BillingPeriod[]): Promise<void> {
  await tx.execute(
    `INSERT INTO billing_periods (organisation_id, year, month, starts_at, ends_at, timezone, currency)
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

const periodValues = ({ organisation_id, year, month }: PeriodKey): (string | number)[] => [
  organisation_id,
  year,
  month,
];
const OF_PERIOD = 'organisation_id = $1 AND year = $2 AND month = $3';

export function cutoffLedger(tx: LedgerTransaction): CutoffLedger {
  return {
    readCursor: (shard, stream) => readCursor(tx, shard, stream),
    async readCutoff(period) {
      const [row] = await tx.query<{ cutoff_seq: number | null; cutoff_epoch: number | null }>(
        `SELECT cutoff_seq, cutoff_epoch FROM billing_periods WHERE ${OF_PERIOD}`,
        periodValues(period),
      );
      return row && row.cutoff_seq !== null && row.cutoff_epoch !== null
        ? { seq: row.cutoff_seq, epoch: row.cutoff_epoch }
        : null;
    },
    async recordCutoff(period, { seq, epoch }) {
      await tx.execute(`UPDATE billing_periods SET cutoff_seq = $4, cutoff_epoch = $5 WHERE ${OF_PERIOD}`, [
        ...periodValues(period),
        seq,
        epoch,
      ]);
    },
  };
}

export const periodTransaction = (tx: LedgerTransaction): PeriodTransaction => ({
  async lockPeriod(period) {
    const [row] = await tx.query<{ status: 'open' | 'closed' }>(
      `SELECT status FROM billing_periods WHERE ${OF_PERIOD} FOR UPDATE`,
      periodValues(period),
    );
    // It was read a moment ago: only a failover of the ledger undoes it.
    if (!row) throw new AppError('unavailable', 'The billing period has to be made again. Try again.');
    return row;
  },
  // Versions alone come again after a failover, when the lost batches are drained anew and otherwise divided: the stamp
  // holds the quantities too.
  async readDayVersions(period) {
    const [row] = await tx.query<{ stamp: string | null }>(
      `SELECT md5(string_agg(concat_ws(' ', project_id, day, version, total_value, event_count, length(metric_name),
         metric_name, unit), E'\n' ORDER BY project_id, metric_name, unit, day)) AS stamp FROM usage_daily
       WHERE organisation_id = $1 AND day BETWEEN $2 AND $3`,
      [period.organisation_id, firstDay(period), lastDay(period)],
    );
    return row?.stamp ?? '';
  },
  readCursor: (shard, stream) => readCursor(tx, shard, stream),
  async setClosed(period, now) {
    await tx.execute(`UPDATE billing_periods SET status = 'closed', closed_at = $4 WHERE ${OF_PERIOD}`, [
      ...periodValues(period),
      formatInstant(now),
    ]);
  },
});
