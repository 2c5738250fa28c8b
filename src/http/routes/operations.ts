import * as z from 'zod';
import { invalidRequest, notFound } from '../../core/error.ts';
import { JOB_NAMES, type JobName } from '../../operations/job.ts';
import { listJobRuns } from '../../operations/list-job-runs.ts';
import { readStatus } from '../../operations/read-status.ts';
import { runJob } from '../../operations/run-job.ts';
import { resyncShard } from '../../rollup/resync-shard.ts';
import { defineRoute, type Route } from '../route.ts';
import { instant, pageOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const isJobName = (name: string): name is JobName => (JOB_NAMES as readonly string[]).includes(name);

const jobRun = z
  .object({
    id: z.string(),
    job: z.string(),
    started_by: z.string(),
    as_of: time,
    status: z.enum(['running', 'succeeded', 'partial', 'failed']),
    started_at: time,
    finished_at: time.nullable(),
    counts: z.object({}).loose(),
    error: z.string().nullable(),
  })
  .meta({ id: 'JobRun' });

const installation = z
  .object({
    outbox: z.object({
      due: z.int(),
      failed: z.int().meta({ description: 'Messages that were given up' }),
      oldest_due_at: time.nullable(),
    }),
    ai: z.object({
      unpriced_models: z.int().meta({ description: 'Counted per organisation, see /v1/admin/ai/unpriced' }),
      unpriced_calls: z.int(),
    }),
    documents: z.object({
      waiting: z.int().meta({ description: 'Issued documents without a PDF' }),
      glyphs_missing: z.int().meta({ description: 'Of these, documents with characters that no font has' }),
    }),
  })
  .loose();

export const OPERATION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/jobs',
    audience: 'admin',
    action: 'job.read',
    summary: 'List job runs, newest first',
    query: listQuery({
      job: z.enum(JOB_NAMES).optional(),
      status: z.enum(['running', 'succeeded', 'partial', 'failed']).optional(),
    }),
    responses: { 200: { description: 'A page of runs', schema: pageOf(jobRun) } },
    handle: (ctx, { query }) => answerList('jobs', query, (filter, page) => listJobRuns(ctx, filter, page)),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/jobs/:name',
    audience: 'admin',
    action: 'job.run',
    summary: 'Run a job now: rollup, publish, purge, verify, invoicing, deliver, reminders or retention',
    params: z.strictObject({ name: z.string() }),
    body: z.strictObject({ as_of: instant.optional() }),
    bodyOptional: true,
    responses: {
      200: {
        description: 'Result of the run',
        schema: z.object({ id: z.string(), status: z.enum(['succeeded', 'partial', 'failed']) }).loose(),
      },
    },
    problems: [404],
    handle: async (ctx, { params, body, settings }) => {
      if (!isJobName(params.name)) throw notFound('job');
      if (body.as_of !== undefined && body.as_of > ctx.now && !settings.testClock) {
        throw invalidRequest([
          { pointer: '/as_of', code: 'in_the_future', detail: 'as_of must not be in the future.' },
        ]);
      }
      const input = { job: params.name, asOf: body.as_of, startedBy: 'operator' } as const;
      return { status: 200, body: await runJob(ctx, settings, input) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/status',
    audience: 'admin',
    action: 'status.read',
    summary:
      'Status of the installation: lag, fullness, halted shards, quarantine, undelivered messages, last and failed jobs',
    responses: { 200: { description: 'The state of the installation', schema: installation } },
    handle: async (ctx, { settings }) => ({
      status: 200,
      body: { schedules: settings.schedules, ...(await readStatus(ctx)) },
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/shards/:shard/resync',
    audience: 'admin',
    action: 'shard.resync',
    summary: 'Resynchronise a halted shard from its first row after a restore of its database',
    params: z.strictObject({ shard: z.string() }),
    responses: {
      200: { description: 'The shard', schema: z.object({ shard: z.int(), epoch: z.int() }) },
    },
    problems: [404, 409],
    handle: async (ctx, { params }) => {
      if (!/^\d{1,4}$/.test(params.shard)) throw notFound('shard');
      return { status: 200, body: await resyncShard(ctx, { shard: Number(params.shard) }) };
    },
  }),
];
