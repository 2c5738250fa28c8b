/** The routes that the `ingest` Worker serves itself, as the description and the test matrix know them. */
import * as z from 'zod';
import { eventsBodySchema } from '../../ingest/event-schema.ts';
import { generationsBodySchema } from '../../ingest/generations/generation-schema.ts';
import { describeTraces, tracesBodySchema, tracesResponseSchema } from '../otlp-schema.ts';
import type { Route } from '../route.ts';

export interface DescribedRoute extends Omit<Route, 'handle' | 'action'> {
  /** Media types of the body beside application/json. */
  readonly bodyTypes?: readonly string[];
  readonly description?: string;
  /** Answers, refusals too, have OTLP's own shapes, in the encoding of the request; the key may be a Basic password. */
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
      description: 'What counts is durable, or was before; rejected spans are told in partialSuccess',
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
    summary: 'The edge is alive',
    responses: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok') }) } },
  },
  {
    method: 'post',
    path: '/v1/events',
    audience: 'project',
    summary: 'Send usage events: one, an array, {"events": […]}, NDJSON or CloudEvents 1.0; gzip is welcome',
    body: eventsBodySchema,
    bodyTypes: ['application/x-ndjson', 'application/cloudevents+json', 'application/cloudevents-batch+json'],
    responses: {
      202: { description: 'Every event is durable, or was before', schema: receipt },
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
    summary: 'Record calls of AI models: one, an array, {"generations": […]} or NDJSON; gzip is welcome',
    body: generationsBodySchema,
    bodyTypes: ['application/x-ndjson'],
    responses: {
      202: { description: 'Every call is durable, or was before', schema: receipt },
      207: {
        description: 'Some calls conflict or, with Prefer: handling=lenient, were rejected',
        schema: receipt,
      },
    },
    problems: [409, 413, 415, 429, 503],
  },
  tracesRoute(
    '/v1/otlp/v1/traces',
    'Send OpenTelemetry traces by OTLP/HTTP: their calls of AI models are recorded',
  ),
  tracesRoute('/api/public/otel/v1/traces', "The same, where Langfuse's exporter sends them"),
];
