/** The rows of the route table for OTLP. */
import { jsonTraces, spanOf } from '../../ingest/traces/spans.ts';
import { randomBytes } from '../../setup/seeded.ts';
import type { RouteRow } from './route-row.ts';

const traces = (path: string): RouteRow => ({
  call: () => ({
    path,
    body: jsonTraces([
      spanOf({ trace: randomBytes(16).toString('hex'), attributes: { 'gen_ai.response.id': 'matrix' } }),
    ]),
  }),
});

export const OTLP_ROUTE_ROWS: Readonly<Record<string, RouteRow>> = {
  'POST /v1/otlp/v1/traces': traces('/v1/otlp/v1/traces'),
  'POST /api/public/otel/v1/traces': traces('/api/public/otel/v1/traces'),
};
