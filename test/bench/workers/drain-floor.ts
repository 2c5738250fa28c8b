/**
 * The drain without its guarantees: reads the hot rows, inserts them, adds up the days. No cursor, no key
 * ledger, no period, no hours or months. One Postgres transaction per batch, with the same tables and array
 * literals as the product's.
 */
import type { D1Database } from '@cloudflare/workers-types';
import pg from 'pg';
import { bareArray, textArray } from '../../../src/db/array-literal.ts';
import type { HotEvent } from '../../../src/rollup/hot-event.ts';

export interface PlainDrain {
  /** Rows with from < seq <= to. */
  readonly from: number;
  readonly to: number;
  readonly batch: number;
  /** It writes to the aggregates of another organisation, so that the product can drain the same rows. */
  readonly organisation_id: string;
}

const READ = `SELECT id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key,
  ingested_at, seq FROM usage_events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3`;

const INSERT = `INSERT INTO usage_events (organisation_id, id, project_id, metric_name, metric_value, unit, timestamp, user_id,
  metadata, idempotency_key, ingested_at, hour, day)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::text[], $7::timestamptz[], $8::text[],
  $9::jsonb[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::date[])`;

const ADD = `INSERT INTO usage_daily (organisation_id, project_id, metric_name, unit, day, total_value, event_count)
SELECT o, p, m, u, d, sum(v), count(*)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::numeric[]) AS r(o, p, m, u, d, v) GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (organisation_id, project_id, metric_name, unit, day) DO UPDATE SET
  total_value = usage_daily.total_value + excluded.total_value, event_count = usage_daily.event_count + excluded.event_count`;

export async function drainPlainly(hot: D1Database, ledgerUrl: string, plan: PlainDrain): Promise<number> {
  const client = new pg.Client({ connectionString: ledgerUrl });
  client.on('error', () => undefined);
  await client.connect();
  let from = plan.from;
  let events = 0;
  try {
    for (;;) {
      const { results } = await hot.prepare(READ).bind(from, plan.to, plan.batch).all<HotEvent>();
      const last = results.at(-1);
      if (!last) return events;
      await client.query('BEGIN; SET LOCAL ROLE meterbook_platform');
      const columns = columnsOf(results, plan.organisation_id);
      await client.query(INSERT, columns.all);
      await client.query(ADD, columns.sums);
      await client.query('COMMIT');
      from = last.seq;
      events += results.length;
    }
  } finally {
    await client.end();
  }
}

function columnsOf(rows: readonly HotEvent[], organisation: string): { all: string[]; sums: string[] } {
  const organisations = bareArray(rows.map(() => organisation));
  const projects = bareArray(rows.map((row) => row.project_id));
  const metrics = textArray(rows.map((row) => row.metric_name));
  const values = bareArray(rows.map((row) => row.metric_value));
  const units = textArray(rows.map((row) => row.unit));
  const times = rows.map((row) => new Date(row.timestamp).toISOString());
  const days = bareArray(times.map((time) => time.slice(0, 10)));
  const all = [
    organisations,
    bareArray(rows.map((row) => row.id)),
    projects,
    metrics,
    values,
    units,
    bareArray(times),
    textArray(rows.map((row) => row.user_id)),
    textArray(rows.map((row) => row.metadata)),
    textArray(rows.map((row) => row.idempotency_key)),
    bareArray(rows.map((row) => new Date(row.ingested_at).toISOString())),
    bareArray(times.map((time) => `${time.slice(0, 13)}:00:00Z`)),
    days,
  ];
  return { all, sums: [organisations, projects, metrics, units, days, values] };
}
