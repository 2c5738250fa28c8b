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

/** What a job answers: its status and its own counts. */
export interface JobResult {
  readonly status: JobStatus;
  readonly [count: string]: unknown;
}

export interface JobSettings {
  readonly retentionHours: number;
  /** How long a run may take, in milliseconds: what is left is `partial`. */
  readonly budgetMs: number;
  /** The real clock, for the budget alone. */
  readonly clock: () => number;
}
