/** The SQL of closing a period: its cutoff, its lock and its close. */
import { AppError } from '../core/error.ts';
import { firstDay, formatInstant, lastDay } from '../core/time.ts';
import { updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';
import type { CutoffLedger, PeriodKey, PeriodTransaction } from './close-period.ts';
import { readCursor } from './cursor-store.ts';

type PeriodRow = Row<'billing_periods'>;

const keyOf = ({ organisation_id, year, month }: PeriodKey) => ({ organisation_id, year, month });
const periodValues = (period: PeriodKey): (string | number)[] => Object.values(keyOf(period));
const OF_PERIOD = 'organisation_id = $1 AND year = $2 AND month = $3';

export function cutoffLedger(tx: LedgerTransaction): CutoffLedger {
  return {
    readCursor: (shard, stream) => readCursor(tx, shard, stream),
    async readCutoff(period) {
      const [row] = await tx.query<Pick<PeriodRow, 'cutoff_seq' | 'cutoff_epoch'>>(
        `SELECT cutoff_seq, cutoff_epoch FROM billing_periods WHERE ${OF_PERIOD}`,
        periodValues(period),
      );
      return row && row.cutoff_seq !== null && row.cutoff_epoch !== null
        ? { seq: row.cutoff_seq, epoch: row.cutoff_epoch }
        : null;
    },
    async recordCutoff(period, { seq, epoch }) {
      const cutoff = { cutoff_seq: seq, cutoff_epoch: epoch };
      const { text, values } = updateOf('billing_periods', cutoff, keyOf(period));
      await tx.execute(text, values);
    },
  };
}

export const periodTransaction = (tx: LedgerTransaction): PeriodTransaction => ({
  async lockPeriod(period) {
    const [row] = await tx.query<Pick<PeriodRow, 'status'> & { status: 'open' | 'closed' }>(
      `SELECT status FROM billing_periods WHERE ${OF_PERIOD} FOR UPDATE`,
      periodValues(period),
    );
    // It was read a moment ago, so only a failover of the ledger can have undone it.
    if (!row) throw new AppError('unavailable', 'The billing period must be created again. Retry.');
    return row;
  },
  // Versions alone can repeat after a failover, when the lost batches are drained again and split differently.
  // The stamp therefore includes the quantities.
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
    const closed = { status: 'closed', closed_at: formatInstant(now) };
    const { text, values } = updateOf('billing_periods', closed, keyOf(period));
    await tx.execute(text, values);
  },
});
