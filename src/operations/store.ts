/** The SQL of job runs. Platform reach only. */
import type { Page, PageInput } from '../core/page.ts';
import { columns, insertOf, matching, type RowOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';

const RUN = columns('job_runs', [
  'id',
  'job',
  'started_by',
  'as_of',
  'status',
  'started_at',
  'finished_at',
  'counts',
  'error',
]);
export type JobRun = RowOf<typeof RUN>;

export async function insertJobRun(
  tx: LedgerTransaction,
  run: Pick<JobRun, 'id' | 'job' | 'started_by' | 'as_of' | 'started_at'>,
): Promise<void> {
  const { text, values } = insertOf('job_runs', { ...run, status: 'running', counts: {} });
  await tx.execute(text, values);
}

export async function finishJobRun(
  tx: LedgerTransaction,
  {
    id,
    ...end
  }: Pick<JobRun, 'id' | 'status' | 'error'> & {
    readonly counts: Readonly<JobRun['counts']>;
    readonly finished_at: string;
  },
): Promise<void> {
  const { text, values } = updateOf('job_runs', end, { id });
  await tx.execute(text, values);
}

/** When the last successful run started, in epoch milliseconds; null if there is none. */
export async function findLastSuccess(tx: LedgerTransaction, job: string): Promise<number | null> {
  const [row] = await tx.query<Pick<JobRun, 'started_at'>>(
    `SELECT started_at FROM job_runs WHERE job = $1 AND status = 'succeeded' ORDER BY started_at DESC LIMIT 1`,
    [job],
  );
  return row ? Date.parse(row.started_at) : null;
}

export const listJobRuns = (
  tx: LedgerTransaction,
  filter: { job?: string | undefined; status?: string | undefined },
  page: PageInput,
): Promise<Page<JobRun>> =>
  listRows<JobRun>(
    tx,
    {
      select: RUN,
      from: 'job_runs',
      filters: matching('job_runs', filter, ['job', 'status']),
      key: 'id',
      order: 'desc',
    },
    page,
  );

/** The last run of each job. */
export async function listLastRuns(tx: LedgerTransaction): Promise<JobRun[]> {
  return await tx.query<JobRun>(
    `SELECT DISTINCT ON (job) ${RUN} FROM job_runs ORDER BY job, started_at DESC`,
  );
}
