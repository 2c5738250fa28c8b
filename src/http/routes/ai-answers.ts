/** The cost, outcome and duration of AI model calls. */
import * as z from 'zod';
import { ID_CHARACTERS_MAX } from '../../ai/generation.ts';
import { GENERATION_STATUSES } from '../../ai/generation-row.ts';
import { GROUPINGS } from '../../reports/ai/call-group.ts';
import type { CallSums } from '../../reports/ai/call-sums.ts';
import { listFailures } from '../../reports/ai/list-failures.ts';
import { listLatency } from '../../reports/ai/list-latency.ts';
import { listSpend } from '../../reports/ai/list-spend.ts';
import { listStatistics } from '../../reports/ai/list-statistics.ts';
import { projectSpend } from '../../reports/ai/project-spend.ts';
import { callFilter, failureFilter, readCallFilter } from '../ai-schemas.ts';
import { defineRoute, type Route } from '../route.ts';
import { day, filterText, id, pageOf, quantity, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const grouping = z.enum(GROUPINGS);
const sceneOrGrouping = z
  .enum(['scene', ...GROUPINGS])
  .transform((by) => (by === 'scene' ? 'type' : by))
  .pipe(grouping)
  .meta({ description: '`scene` is an alias of `type`' });

const group = {
  group: z.string().nullable().meta({ description: 'Null: calls without a value' }),
  generation_type: z.string().optional(),
  scene: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  user_id: z.string().nullable().optional(),
  project_id: id.optional(),
  application_id: z.string().nullable().optional(),
  day: z.string().optional(),
};

const sums = {
  call_count: z.int(),
  unpriced_calls: z.int().meta({ description: 'Calls whose cost is unknown' }),
  total_cost: quantity,
  avg_cost: quantity
    .nullable()
    .meta({ description: 'Average over calls with a known cost; at most 12 decimals' }),
  input_tokens: quantity.meta({ description: 'Includes cache reads and writes' }),
  output_tokens: quantity.meta({ description: 'Includes reasoning' }),
  total_tokens: quantity,
};

const projection = z
  .object({
    as_of: time,
    period_start: time,
    period_end: time,
    timezone: z.string(),
    spend_so_far: quantity,
    total_calls: z.int(),
    total_input_tokens: quantity,
    total_output_tokens: quantity,
    unpriced_calls: z.int(),
    elapsed_ms: z.int(),
    period_ms: z.int(),
    projected_monthly: z.string().meta({ description: 'Two decimals' }),
  })
  .meta({ id: 'SpendProjection' });

const parts = z.record(
  z.string(),
  z.object({
    requests: z.int(),
    success: z.int(),
    failed: z.int(),
    tokens: quantity,
    cost: quantity,
  }),
);

const statistics = z
  .object({
    id,
    organisation_id: id,
    user_id: z.string().nullable(),
    date: z.string(),
    total_requests: z.int(),
    success_requests: z.int(),
    failed_requests: z.int(),
    total_prompt_tokens: quantity,
    total_completion_tokens: quantity,
    total_tokens: quantity,
    total_cost: quantity,
    scene_stats: parts.meta({ description: 'By generation_type' }),
    model_stats: parts.meta({ description: 'By model, across providers' }),
    avg_duration: z.int().nullable().meta({ description: 'Milliseconds' }),
    updated_at: time,
  })
  .meta({ id: 'DayStatistics' });

const failure = z
  .object({
    status: z.enum(GENERATION_STATUSES),
    error_code: z.string().nullable(),
    provider: z.string(),
    model: z.string(),
    calls: z.int(),
    share: quantity.meta({ description: "Share of the model's calls, from 0 to 1; at most 6 decimals" }),
    users: z.int(),
    first_seen: time,
    last_seen: time,
    last_message: z.string().nullable(),
  })
  .meta({ id: 'Failures' });

const milliseconds = z.int().nullable();
const latency = z
  .object({
    ...group,
    calls: z.int(),
    timed_calls: z.int().meta({ description: 'Calls with a known duration' }),
    p50: milliseconds.meta({
      description: 'Milliseconds, as are p95, avg and max. Percentiles are durations that occurred',
    }),
    p95: milliseconds,
    avg: milliseconds,
    max: milliseconds,
  })
  .meta({ id: 'Latency' });

export const AI_ANSWER_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/spend',
    audience: 'admin',
    action: 'ai_spend.read',
    summary:
      'Cost of calls by group: the highest cost first, days in order. From the start of the month by default',
    query: listQuery({ ...callFilter, group_by: sceneOrGrouping }),
    responses: {
      200: {
        description: 'A page of groups, and the totals of all groups',
        schema: z.object({
          data: z.array(z.object({ ...group, ...sums }).meta({ id: 'Spend' })),
          next_cursor: z.string().nullable(),
          total: z.object(sums),
        }),
      },
    },
    handle: async (ctx, { query }) => {
      let total: CallSums | undefined;
      const answer = await answerList(
        'spend',
        readCallFilter(query),
        async ({ group_by, ...filter }, page) => {
          const spend = await listSpend(ctx, { filter, grouping: group_by }, page);
          total = spend.total;
          return spend;
        },
      );
      return { ...answer, body: { ...(answer.body as object), total } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/projection',
    audience: 'admin',
    action: 'ai_spend.read',
    summary:
      "Projected spend of the current month in the organisation's time zone, from the time elapsed in milliseconds",
    query: z.strictObject({
      organisation_id: id.optional(),
      user_id: filterText(ID_CHARACTERS_MAX).optional(),
    }),
    responses: { 200: { description: 'The month so far, and projected', schema: projection } },
    handle: async (ctx, { query }) => ({ status: 200, body: await projectSpend(ctx, query) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/statistics',
    audience: 'admin',
    action: 'ai_statistics.read',
    summary:
      "Daily statistics per user, newest first. Days are in each organisation's time zone; `to` is exclusive",
    query: listQuery({
      organisation_id: id.optional(),
      user_id: filterText(ID_CHARACTERS_MAX).optional(),
      from: day.optional(),
      to: day.optional(),
    }),
    responses: { 200: { description: 'A page of days', schema: pageOf(statistics) } },
    handle: (ctx, { query }) =>
      answerList('statistics', readCallFilter(query), (filter, page) => listStatistics(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/errors',
    audience: 'admin',
    action: 'ai_errors.read',
    summary: 'Failed calls by status and error. The last 30 days by default',
    query: listQuery(failureFilter),
    responses: { 200: { description: 'A page of failures, most frequent first', schema: pageOf(failure) } },
    handle: (ctx, { query }) =>
      answerList('errors', readCallFilter(query), (filter, page) => listFailures(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/latency',
    audience: 'admin',
    action: 'ai_latency.read',
    summary: 'Latency of calls by group. The last 30 days by default',
    query: listQuery({ ...callFilter, group_by: sceneOrGrouping.default('model') }),
    responses: { 200: { description: 'A page of groups', schema: pageOf(latency) } },
    handle: (ctx, { query }) =>
      answerList('latency', readCallFilter(query), ({ group_by, ...filter }, page) =>
        listLatency(ctx, { filter, grouping: group_by }, page),
      ),
  }),
];
