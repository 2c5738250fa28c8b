/**
 * Runs one job and records the run: when, how long, how much, and the reason of a failure. A run that dies
 * leaves its row `running`; it blocks nothing, because every job may overlap with itself.
 */
import { appendAudit, PLATFORM_CHAIN } from '../access/audit/append-audit.ts';
import { purgeKeys } from '../access/stored-answers/purge-keys.ts';
import { findUnpublishedModels, healModelPrices } from '../ai/prices/publish-model-prices.ts';
import { AppError, describeError, unreachable } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM } from '../db/ledger.ts';
import { remindInvoices } from '../documents/emails/remind-invoices.ts';
import { runInvoicing } from '../invoicing/run-invoicing.ts';
import { deliverOutbox } from '../outbox/deliver-outbox.ts';
import { runPurge } from '../rollup/run-purge.ts';
import { runRollup } from '../rollup/run-rollup.ts';
import { verifyBooks } from '../rollup/verify-books.ts';
import { healDirectory } from '../tenants/publication/publish-directory.ts';
import { findUnpublished } from '../tenants/publication/verify-directory.ts';
import type { JobName, JobResult, JobSettings } from './job.ts';
import { OUTBOX_HANDLERS } from './outbox-handlers.ts';
import { runRetention } from './retention/run-retention.ts';
import { findLastSuccess, finishJobRun, insertJobRun } from './store.ts';

export interface RunJobInput {
  readonly job: JobName;
  /** The moment that the job takes as now, in epoch milliseconds; `ctx.now` by default. */
  readonly asOf?: number | undefined;
  readonly startedBy: 'cron' | 'operator';
}

export async function runJob(ctx: Ctx, settings: JobSettings, input: RunJobInput): Promise<JobResult> {
  const { job, startedBy } = input;
  const asOf = input.asOf ?? ctx.now;
  const id = uuidv7(ctx.now);
  const started = settings.clock();
  const hasTime = (): boolean => settings.clock() - started < settings.budgetMs;
  const moment = (): number => asOf + settings.clock() - started;
  await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const as_of = formatInstant(asOf);
    await insertJobRun(tx, { id, job, started_by: startedBy, as_of, started_at: formatInstant(started) });
    if (startedBy === 'cron') return;
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'job',
      entity_id: id,
      action: 'job.run',
      changes: { job, as_of },
    });
  });
  let result: JobResult;
  let error: string | null = null;
  try {
    result = await work(ctx, job, { asOf, moment, hasTime, retentionHours: settings.retentionHours });
  } catch (cause) {
    error = cause instanceof AppError && cause.log ? `${cause.message} (${cause.log})` : describeError(cause);
    console.error(JSON.stringify({ message: 'job failed', job, error }));
    result = { status: 'failed' };
  }
  const { status, ...counts } = result;
  const finished_at = formatInstant(settings.clock());
  // On a connection of its own: the job's connection may be what failed.
  const ledger = ctx.openLedger();
  try {
    await ledger.transaction(PLATFORM, (tx) => finishJobRun(tx, { id, status, counts, error, finished_at }));
  } finally {
    await ledger.close();
  }
  return {
    id,
    ...result,
    ...(error === null ? {} : { error: 'The job failed. See its run in GET /v1/admin/jobs for the error.' }),
  };
}

interface Work {
  readonly asOf: number;
  /** `asOf` plus the time elapsed since. */
  readonly moment: () => number;
  readonly hasTime: () => boolean;
  readonly retentionHours: number;
}

async function work(
  ctx: Ctx,
  job: JobName,
  { asOf, moment, hasTime, retentionHours }: Work,
): Promise<JobResult> {
  switch (job) {
    case 'rollup': {
      const { shards, openLedger, now } = ctx;
      return { ...(await runRollup({ shards, openLedger, now, hasTime })) };
    }
    case 'publish':
      return { ...(await healDirectory(ctx)), ...(await healModelPrices(ctx)) };
    case 'purge':
      return { purged_keys: await purgeKeys(ctx), ...(await runPurge(ctx, { retentionHours, hasTime })) };
    case 'verify': {
      const since = await ctx.ledger.transaction(PLATFORM, (tx) => findLastSuccess(tx, 'verify'));
      const differences = await verifyBooks(ctx, { since });
      const unpublished = [...(await findUnpublished(ctx)), ...(await findUnpublishedModels(ctx))];
      const status = differences.length + unpublished.length === 0 ? 'succeeded' : 'failed';
      return { status, differences, unpublished };
    }
    case 'invoicing':
      return { ...(await runInvoicing(ctx, { as_of: asOf, hasTime })) };
    case 'deliver':
      return { ...(await deliverOutbox(ctx, { moment, hasTime, handlers: OUTBOX_HANDLERS })) };
    case 'reminders':
      return { ...(await remindInvoices(ctx, { as_of: asOf, hasTime })) };
    case 'retention':
      return { ...(await runRetention(ctx, { as_of: asOf, hasTime })) };
    default:
      return unreachable(job);
  }
}
