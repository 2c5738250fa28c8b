/** The SQL of job runs. Platform reach only. */
import type { Page, PageInput } from '../core/page.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';

export interface JobRun {
  readonly id: string;
  readonly job: string;
  readonly started_by: string;
  readonly as_of: string;
  readonly status: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly counts: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

export async function insertJobRun(
  tx: LedgerTransaction,
  run: Pick<JobRun, 'id' | 'job' | 'started_by' | 'as_of' | 'started_at'>,
): Promise<void> {
  await tx.execute(
    `INSERT INTO job_runs (id, job, started_by, as_of, started_at, status, counts)
     VALUES ($1, $2, $3, $4, $5, 'running', '{}')`,
    [run.id, run.job, run.started_by, run.as_of, run.started_at],
  );
}

export async function finishJobRun(
  tx: LedgerTransaction,
  run: Pick<JobRun, 'id' | 'status' | 'counts' | 'error'> & { finished_at: string },
): Promise<void> {
  await tx.execute(
    'UPDATE job_runs SET status = $2, counts = $3::jsonb, error = $4, finished_at = $5 WHERE id = $1',
    [run.id, run.status, JSON.stringify(run.counts), run.error, run.finished_at],
  );
}

/** When the last run that succeeded had started, in epoch milliseconds; null for none. */
export async function findLastSuccess(tx: LedgerTransaction, job: string): Promise<number | null> {
  const [row] = await tx.query<{ started_at: string }>(
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
  listRows(
    tx,
    {
      select: 'id, job, started_by, as_of, status, started_at, finished_at, counts, error',
      from: 'job_runs',
      filters: [
        ['job =', filter.job],
        ['status =', filter.status],
      ],
      key: 'id',
      order: 'desc',
    },
    page,
  );

/** The last run of each job. */
export async function listLastRuns(tx: LedgerTransaction): Promise<JobRun[]> {
  return await tx.query<JobRun>(
    `SELECT DISTINCT ON (job) id, job, started_by, as_of, status, started_at, finished_at, counts, error
     FROM job_runs ORDER BY job, started_at DESC`,
  );
}
