/** A table of calls as the drain would leave it, generated in Postgres: many, over months, by many users. */
import type pg from 'pg';

export interface ManyCalls {
  readonly organisation_ids: readonly string[];
  readonly project_ids: readonly string[];
  /** Per organisation. */
  readonly users: number;
  readonly calls: number;
  /** The time of the first call; the last is before `to`, and the others are spread evenly. */
  readonly from: string;
  readonly to: string;
  /** The approximate size of each call's `request_data` and `response_data` together. */
  readonly payloadBytes: number;
}

// A user calls one model (every tenth user two) for a few kinds of work, so a user's day has about three
// statistics.
const INSERT = `INSERT INTO ai_generations (organisation_id, id, project_id, idempotency_key, provider, model, generation_type,
  user_id, session_id, application_id, request_id, response_id, status, error_code, error_message, duration_ms, input_tokens,
  output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens, cost_usd, cost_source,
  request_data, response_data, occurred_at, ingested_at, hour, day)
SELECT organisation_id, uuidv7(at - clock_timestamp()), project_id, 'call ' || n, 'provider-' || m % 2, 'model-' || m,
  'type-' || h % 4, CASE WHEN h % 50 > 0 THEN 'user ' || u END, 'session ' || n / 10, 'app-' || h % 11, 'req_' || n, 'msg_' || n,
  CASE WHEN h % 40 = 1 THEN 'failed' WHEN h % 97 = 1 THEN 'timeout' ELSE 'success' END,
  CASE WHEN h % 40 = 1 THEN 'overloaded' END, CASE WHEN h % 40 = 1 THEN 'said no to ' || n END,
  CASE WHEN h % 100 > 0 THEN 200 + h % 4999 END, h % 3001, h % 997, h % 499, h % 89, h % 17, h % 211,
  CASE WHEN h % 60 > 0 THEN (h % 99991) * 0.000000000007 END, CASE WHEN h % 60 > 0 THEN 'priced' ELSE 'unpriced' END,
  payload, payload, at, at + interval '1 second', date_trunc('hour', at), at::date
FROM (SELECT *, CASE WHEN u % 10 = 0 THEN h % 2 ELSE u % 5 END AS m FROM (
  SELECT n, abs(hashint4(n)) AS h, ($5::uuid[])[n % cardinality($5::uuid[]) + 1] AS organisation_id,
    ($6::uuid[])[n % cardinality($6::uuid[]) + 1] AS project_id, n / cardinality($5::uuid[]) % $7::int AS u,
    $3::timestamptz + ($4::timestamptz - $3::timestamptz) * (n::float / $8::int) AS at,
    jsonb_build_object('text', repeat('lorem ipsum ', greatest(1, $9::int / 24))) AS payload
  FROM generate_series($1::int, $2::int - 1) AS n
) AS numbers) AS calls`;

const STATISTICS = `INSERT INTO ai_statistics_daily (organisation_id, day, user_id, generation_type, provider, model, total_requests,
  success_requests, failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
  reasoning_tokens, cost_usd, cost_count, duration_ms_sum, duration_count)
SELECT organisation_id, day, coalesce(user_id, ''), generation_type, provider, model, count(*),
  count(*) FILTER (WHERE status = 'success'), count(*) FILTER (WHERE status <> 'success'), sum(input_tokens), sum(output_tokens),
  sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(reasoning_tokens), coalesce(sum(cost_usd), 0),
  count(cost_usd), coalesce(sum(duration_ms), 0), count(duration_ms)
FROM ai_generations GROUP BY 1, 2, 3, 4, 5, 6`;

const CHUNK = 100_000;

/**
 * Drops the indexes except the primary key and returns the statements to recreate them: loading is faster without
 * them.
 */
async function dropIndexes(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index WHERE indrelid = 'ai_generations'::regclass AND NOT indisprimary`,
  );
  for (const { name } of rows) await owner.query(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition);
}

export async function loadCalls(owner: pg.Client, load: ManyCalls): Promise<void> {
  await owner.query(`SET TIME ZONE 'UTC'`);
  await owner.query('SELECT ensure_usage_event_partitions($1, $2)', [load.from, load.to]);
  await owner.query('SET synchronous_commit = off');
  const indexes = await dropIndexes(owner);
  for (let first = 0; first < load.calls; first += CHUNK) {
    const { organisation_ids, project_ids, users, calls, from, to, payloadBytes } = load;
    const last = Math.min(first + CHUNK, calls);
    await owner.query(INSERT, [
      first,
      last,
      from,
      to,
      organisation_ids,
      project_ids,
      users,
      calls,
      payloadBytes,
    ]);
  }
  for (const definition of indexes) await owner.query(definition);
  await owner.query(STATISTICS);
  await owner.query('VACUUM ANALYZE ai_generations, ai_statistics_daily, organisations');
}
