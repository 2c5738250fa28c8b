/** The jobs that cron fires and an operator can run. */
export const JOB_NAMES = [
  'rollup',
  'publish',
  'purge',
  'verify',
  'invoicing',
  'deliver',
  'reminders',
  'retention',
] as const;
export type JobName = (typeof JOB_NAMES)[number];

export type JobStatus = 'succeeded' | 'partial' | 'failed';

/** The result of a job: its status and its own counts. */
export interface JobResult {
  readonly status: JobStatus;
  readonly [count: string]: unknown;
}

export interface JobSettings {
  readonly retentionHours: number;
  /** How long a run may take, in milliseconds: a run with work left over is `partial`. */
  readonly budgetMs: number;
  /** The real clock, only for the budget. */
  readonly clock: () => number;
}
