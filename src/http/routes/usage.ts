import * as z from 'zod';
import { cloudEventKey } from '../../ingest/parse-cloudevents.ts';
import { listUsage } from '../../reports/usage/list-usage.ts';
import {
  listEventConflicts,
  listQuarantine,
  listUsageAggregates,
  listUsageEvents,
} from '../../reports/usage/list-usage-records.ts';
import { locateEvent } from '../../reports/usage/locate-event.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  filterText,
  id,
  instantQuery,
  monthQuery,
  pageOf,
  quantity,
  time,
  usageBound,
  yearQuery,
} from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const metricFilter = { metric_name: filterText(128).optional(), unit: filterText(64).optional() };
const tenantFilter = { organisation_id: id.optional(), project_id: id.optional() };

const located = z
  .object({
    idempotency_key: z.string(),
    status: z.enum(['pending', 'counted', 'quarantined']),
    id: z.string(),
    received_at: time,
    reason: z.string().optional(),
    detail: z.string().optional(),
    event: z.object({}).loose().optional(),
    counted_in: z.object({}).loose().optional(),
    invoice: z.object({}).loose().nullish(),
    credit_note: z.object({}).loose().nullish(),
    later: z.array(z.object({ status: z.enum(['duplicate', 'conflict']) }).loose()),
  })
  .meta({ id: 'LocatedEvent' });

const row = z.object({}).loose();

const aggregate = z
  .object({
    organisation_id: id,
    id,
    project_id: id,
    metric_name: z.string(),
    unit: z.string(),
    total_value: quantity,
    event_count: z.int(),
    year: z.int(),
    month: z.int(),
  })
  .loose()
  .meta({ id: 'UsageAggregate' });

export const USAGE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/usage',
    audience: 'project',
    action: 'usage.read',
    summary: "The project's usage by hour, day or month in the organisation's time zone",
    query: listQuery({
      ...metricFilter,
      from: usageBound.optional(),
      to: usageBound.optional(),
      granularity: z.enum(['hour', 'day', 'month']).default('day'),
    }),
    responses: {
      200: {
        description: 'A page of sums, oldest first',
        schema: pageOf(
          z.object({
            period: z.string(),
            metric_name: z.string(),
            unit: z.string(),
            total_value: quantity,
            event_count: z.int(),
          }),
        ),
      },
    },
    handle: (ctx, { query }) => answerList('usage', query, (filter, page) => listUsage(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/events',
    audience: 'project',
    action: 'event.read',
    summary: 'Look up the state of a CloudEvent by source and id',
    query: z.strictObject({ source: z.string().min(1), id: z.string().min(1) }),
    responses: { 200: { description: 'The state of the event', schema: located } },
    problems: [404],
    handle: async (ctx, { query }) => ({
      status: 200,
      body: await locateEvent(ctx, { idempotency_key: cloudEventKey(query.source, query.id) }),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/events/:idempotency_key',
    audience: 'project',
    action: 'event.read',
    summary: 'Look up the state of an event by its idempotency key',
    params: z.strictObject({ idempotency_key: z.string() }),
    responses: { 200: { description: 'The state of the event', schema: located } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await locateEvent(ctx, params) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/usage-events',
    audience: 'admin',
    action: 'usage.read',
    summary: 'List counted events',
    query: listQuery({
      ...tenantFilter,
      metric_name: filterText(128).optional(),
      user_id: filterText(255).optional(),
      from: instantQuery.optional(),
      to: instantQuery.optional(),
    }),
    responses: { 200: { description: 'A page of events', schema: pageOf(row) } },
    handle: (ctx, { query }) =>
      answerList('usage-events', query, (filter, page) => listUsageEvents(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/usage-aggregates',
    audience: 'admin',
    action: 'usage.read',
    summary: 'List monthly aggregates',
    query: listQuery({
      ...tenantFilter,
      ...metricFilter,
      year: yearQuery.optional(),
      month: monthQuery.optional(),
    }),
    responses: { 200: { description: 'A page of aggregates', schema: pageOf(aggregate) } },
    handle: (ctx, { query }) =>
      answerList('usage-aggregates', query, (filter, page) => listUsageAggregates(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/event-conflicts',
    audience: 'admin',
    action: 'event_conflict.read',
    summary: 'List conflicts and late duplicates: events sent under a key already used',
    query: listQuery({
      ...tenantFilter,
      kind: z.enum(['conflict', 'duplicate']).optional(),
      idempotency_key: filterText(255).optional(),
    }),
    responses: { 200: { description: 'A page of conflicts', schema: pageOf(row) } },
    handle: (ctx, { query }) =>
      answerList('event-conflicts', query, (filter, page) => listEventConflicts(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/event-quarantine',
    audience: 'admin',
    action: 'event_quarantine.read',
    summary: 'List quarantined events with the reason',
    query: listQuery({ ...tenantFilter, reason: filterText(64).optional() }),
    responses: { 200: { description: 'A page of quarantined rows', schema: pageOf(row) } },
    handle: (ctx, { query }) =>
      answerList('event-quarantine', query, (filter, page) => listQuarantine(ctx, filter, page)),
  }),
];
