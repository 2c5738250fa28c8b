/**
 * Cloudflare's list prices beyond the allowance of the paid plan, as of November 2026; check them again at
 * https://developers.cloudflare.com/d1/platform/pricing/ and
 * https://developers.cloudflare.com/workers/platform/pricing/. Not included: CPU time, storage, the
 * schedules, and Postgres, which is not Cloudflare's.
 */
const DOLLARS_PER_MILLION_D1_ROWS_WRITTEN = 1;
const DOLLARS_PER_MILLION_D1_ROWS_READ = 0.001;
const DOLLARS_PER_MILLION_WORKERS_REQUESTS = 0.3;

export interface PerEvent {
  readonly requests: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

export const dollarsPerMillionEvents = ({ requests, rowsRead, rowsWritten }: PerEvent): number =>
  requests * DOLLARS_PER_MILLION_WORKERS_REQUESTS +
  rowsRead * DOLLARS_PER_MILLION_D1_ROWS_READ +
  rowsWritten * DOLLARS_PER_MILLION_D1_ROWS_WRITTEN;
