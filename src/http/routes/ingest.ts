/** The routes that the `ingest` Worker serves itself, for the API description and the test matrix. */
import * as z from 'zod';
import { eventsBodySchema } from '../../ingest/event-schema.ts';
import { generationsBodySchema } from '../../ingest/generations/generation-schema.ts';
import { describeTraces, tracesBodySchema, tracesResponseSchema } from '../otlp-schema.ts';
import type { Route } from '../route.ts';

export interface DescribedRoute extends Omit<Route, 'handle' | 'action'> {
  /** Media types of the body besides application/json. */
  readonly bodyTypes?: readonly string[];
  readonly description?: string;
  /**
   * Answers, including refusals, have OTLP's own shapes, in the encoding of the request; the key may be a
   * Basic password.
   */
  readonly protocol?: 'otlp';
}

const receipt = z
  .object({
    accepted: z.int(),
    duplicates: z.int(),
    conflicts: z.int(),
    rejected: z.int(),
    results: z.array(
      z.object({
        index: z.int(),
        status: z.enum(['accepted', 'duplicate', 'conflict', 'rejected']),
        id: z.string().nullable(),
        idempotency_key: z.string().optional(),
        code: z.string().optional(),
        detail: z.string().optional(),
      }),
    ),
    unpriced_metrics: z.array(z.string()),
  })
  .meta({ id: 'Receipt' });

const tracesRoute = (path: string, summary: string): DescribedRoute => ({
  method: 'post',
  path,
  audience: 'project',
  summary,
  description: describeTraces(),
  protocol: 'otlp',
  body: tracesBodySchema,
  bodyTypes: ['application/x-protobuf'],
  responses: {
    200: {
      description: 'All model calls are stored, now or earlier; partialSuccess lists rejected spans',
      schema: tracesResponseSchema,
    },
  },
  problems: [413, 415, 429, 503],
});

export const INGEST_ROUTES: readonly DescribedRoute[] = [
  {
    method: 'get',
    path: '/health',
    audience: 'open',
    summary: 'Liveness of the edge',
    responses: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok') }) } },
  },
  {
    method: 'post',
    path: '/v1/events',
    audience: 'project',
    summary:
      'Send usage events: one object, an array, {"events": […]}, NDJSON or CloudEvents 1.0; gzip is supported',
    body: eventsBodySchema,
    bodyTypes: ['application/x-ndjson', 'application/cloudevents+json', 'application/cloudevents-batch+json'],
    responses: {
      202: { description: 'Every event is stored, now or earlier', schema: receipt },
      207: {
        description: 'Some events conflict or, with Prefer: handling=lenient, were rejected',
        schema: receipt,
      },
    },
    problems: [409, 413, 415, 429, 503],
  },
  {
    method: 'post',
    path: '/v1/ai/generations',
    audience: 'project',
    summary: 'Record AI calls: one object, an array, {"generations": […]} or NDJSON; gzip is supported',
    body: generationsBodySchema,
    bodyTypes: ['application/x-ndjson'],
    responses: {
      202: { description: 'Every call is stored, now or earlier', schema: receipt },
      207: {
        description: 'Some calls conflict or, with Prefer: handling=lenient, were rejected',
        schema: receipt,
      },
    },
    problems: [409, 413, 415, 429, 503],
  },
  tracesRoute(
    '/v1/otlp/v1/traces',
    'Send OpenTelemetry traces over OTLP/HTTP; their AI model calls are recorded',
  ),
  tracesRoute('/api/public/otel/v1/traces', "Alias for Langfuse's exporter"),
];
