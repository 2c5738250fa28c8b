/** The SQL of a period's end: its cutoff, its lock and its close. */
import { AppError } from '../core/error.ts';
import { firstDay, formatInstant, lastDay } from '../core/time.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { CutoffLedger, PeriodKey, PeriodTransaction } from './close-period.ts';
import { readCursor } from './cursor-store.ts';

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
    if (!row) throw new AppError('unavailable', 'The billing period must be created again. Retry.');
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
