/**
 * The ingest Worker with the bench's routes in front: a bare insert (the floor of b), and ingest with D1's
 * own counts.
 */
import type { D1Database, D1PreparedStatement, ExecutionContext } from '@cloudflare/workers-types';
import { Hono } from 'hono/tiny';
import type { IngestEnv } from '../../../src/platform/bindings.ts';
import product from '../../../workers/ingest.ts';
import type { BenchEvent } from '../events.ts';
import { counted } from './counted.ts';

const INSERT = `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp,
  user_id, metadata, idempotency_key, fingerprint, ingested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const TENANT = '00000000-0000-7000-8000-00000000beef';
const FINGERPRINT = 'x'.repeat(43);

const bare = new Hono<{ Bindings: { HOT_0: D1Database } }>();
bare.post('/bench/insert', async (c) => {
  const event = await c.req.json<BenchEvent>();
  const id = crypto.randomUUID();
  const now = Date.now();
  const statement: D1PreparedStatement = c.env.HOT_0.prepare(INSERT);
  await statement
    .bind(
      id,
      TENANT,
      TENANT,
      event.metric_name,
      event.metric_value,
      event.unit,
      now,
      event.user_id,
      JSON.stringify(event.metadata),
      event.idempotency_key,
      FINGERPRINT,
      now,
    )
    .run();
  return c.json({ id }, 202);
});

export default {
  async fetch(request: Request, env: IngestEnv, execution: ExecutionContext): Promise<Response> {
    if (!request.url.includes('/bench/')) return product.fetch(request, env, execution);
    if (request.url.endsWith('/bench/insert')) return bare.fetch(request, env);
    if (!request.url.endsWith('/bench/counted')) return product.fetch(request, env, execution);
    const { database, counts } = counted(env.HOT_0);
    const url = new URL('/v1/events', request.url);
    const answer = await product.fetch(new Request(url, request), { ...env, HOT_0: database }, execution);
    if (!answer.ok) return answer;
    return Response.json({ ...counts, receipt: await answer.json() });
  },
};
