import type { ScheduledController } from '@cloudflare/workers-types';
import { uuidv7 } from '../src/core/id.ts';
import type { Ctx } from '../src/db/ctx.ts';
import { openLedger } from '../src/db/ledger.ts';
import type { JobName } from '../src/operations/job.ts';
import { runJob } from '../src/operations/run-job.ts';
import { clock, type LedgerEnv, retentionHoursOf, shardsOf } from '../src/platform/bindings.ts';
import { outsideOf } from '../src/platform/outside.ts';

/** Exactly the schedules of wrangler.toml, character by character. */
const JOBS: Readonly<Record<string, JobName>> = {
  '* * * * *': 'rollup',
  '*/1 * * * *': 'publish',
  '17 * * * *': 'purge',
  '41 * * * *': 'verify',
  '7 * * * *': 'invoicing',
  '*/1 0-23 * * *': 'deliver',
  '23 6 * * *': 'reminders',
  '53 * * * *': 'retention',
};
/** Under a minute, so that runs of one schedule rarely overlap, although they may. */
const JOB_BUDGET_MS = 50_000;
/** Twice a minute, so that a lost publish and an edge cache of 20 s together stay below 60 s. */
const PUBLISH_AGAIN_AFTER_MS = 30_000;

export default {
  async scheduled(controller: ScheduledController, env: LedgerEnv): Promise<void> {
    const job = JOBS[controller.cron];
    if (!job) throw new Error(`no job for the schedule ${controller.cron}`);
    await run(job, env);
    if (job !== 'publish' || env.SCHEDULES === 'off') return;
    await new Promise((resolve) => setTimeout(resolve, PUBLISH_AGAIN_AFTER_MS));
    await run(job, env);
  },
};

async function run(job: JobName, env: LedgerEnv): Promise<void> {
  const now = clock();
  const open = () => openLedger(env.LEDGER.connectionString);
  const ledger = open();
  const ctx: Ctx = {
    ...outsideOf(env),
    now,
    requestId: uuidv7(now),
    actor: { kind: 'system', job },
    ipAddress: null,
    userAgent: null,
    ledger,
    openLedger: open,
    directory: env.DIRECTORY,
    shards: shardsOf(env),
  };
  try {
    const settings = { retentionHours: retentionHoursOf(env), budgetMs: JOB_BUDGET_MS, clock };
    await runJob(ctx, settings, { job, startedBy: 'cron' });
  } finally {
    await ledger.close();
  }
}
