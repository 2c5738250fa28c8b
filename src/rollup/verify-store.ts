/** The SQL of the `verify` job. Each statement reads one snapshot and returns only differences. */
import { TOKEN_KINDS } from '../ai/generation-row.ts';
import { columns } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';

export interface Difference {
  readonly check: string;
  readonly organisation_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

const DIFFERENCES_MAX = 1000;

// In any time zone, a day's events lie within one day before or after it. This bound lets the planner use the
// index. OFFSET 0 makes it use the index for each day, even for the half of the view that it could otherwise only
// join as a whole.
export async function findDayDifferences(tx: LedgerTransaction, since: string): Promise<Difference[]> {
  const rows = await tx.query<Pick<Row<'usage_daily'>, 'organisation_id'>>(
    `WITH changed AS (
       SELECT DISTINCT organisation_id, project_id, day FROM usage_daily WHERE updated_at >= $1
       UNION SELECT DISTINCT organisation_id, project_id, day FROM usage_adjustments WHERE created_at >= $1 AND kind = 'late'
     ), events AS (
       SELECT c.organisation_id, c.project_id, c.day, e.metric_name, e.unit,
         sum(e.metric_value) FILTER (WHERE e.adjustment_id IS NULL) AS counted,
         sum(e.event_count) FILTER (WHERE e.adjustment_id IS NULL) AS n,
         sum(e.metric_value) FILTER (WHERE e.adjustment_id IS NOT NULL) AS late
       FROM changed c CROSS JOIN LATERAL (
         SELECT metric_name, unit, metric_value, adjustment_id, event_count FROM metered_events
         WHERE organisation_id = c.organisation_id AND project_id = c.project_id AND day = c.day
           AND timestamp >= c.day::timestamptz - interval '2 days' AND timestamp < c.day::timestamptz + interval '3 days'
         OFFSET 0) e
       GROUP BY 1, 2, 3, 4, 5
     ), hourly AS (
       SELECT organisation_id, project_id, day, metric_name, unit, sum(total_value) AS total, sum(event_count) AS n
       FROM usage_hourly JOIN changed USING (organisation_id, project_id, day) GROUP BY 1, 2, 3, 4, 5
     ), daily AS (
       SELECT organisation_id, project_id, day, metric_name, unit, total_value AS total, event_count AS n
       FROM usage_daily JOIN changed USING (organisation_id, project_id, day)
     ), adjusted AS (
       SELECT organisation_id, project_id, day, metric_name, unit, sum(quantity) AS late
       FROM usage_adjustments JOIN changed USING (organisation_id, project_id, day) WHERE kind = 'late' GROUP BY 1, 2, 3, 4, 5
     )
     SELECT organisation_id, project_id, day, metric_name, unit, e.counted AS events, h.total AS hourly, d.total AS daily,
       e.late AS late_events, a.late AS adjustments, e.n AS event_count, d.n AS daily_count, h.n AS hourly_count
     FROM events e FULL JOIN hourly h USING (organisation_id, project_id, day, metric_name, unit)
       FULL JOIN daily d USING (organisation_id, project_id, day, metric_name, unit)
       FULL JOIN adjusted a USING (organisation_id, project_id, day, metric_name, unit)
     WHERE coalesce(e.counted, 0) <> coalesce(h.total, 0) OR coalesce(h.total, 0) <> coalesce(d.total, 0)
       OR coalesce(e.n, 0) <> coalesce(h.n, 0) OR coalesce(h.n, 0) <> coalesce(d.n, 0)
       OR coalesce(e.late, 0) <> coalesce(a.late, 0)
     LIMIT ${DIFFERENCES_MAX}`,
    [since],
  );
  return rows.map(({ organisation_id, ...detail }) => ({ check: 'day', organisation_id, detail }));
}

export async function findMonthDifferences(tx: LedgerTransaction, since: string): Promise<Difference[]> {
  const rows = await tx.query<Pick<Row<'usage_aggregates'>, 'organisation_id'>>(
    `WITH changed AS (
       SELECT DISTINCT organisation_id, extract(year FROM day)::int AS year, extract(month FROM day)::int AS month
       FROM usage_daily WHERE updated_at >= $1
     ), daily AS (
       SELECT d.organisation_id, d.project_id, d.metric_name, d.unit, c.year, c.month, sum(d.total_value) AS total,
         sum(d.event_count) AS n
       FROM changed c JOIN usage_daily d ON d.organisation_id = c.organisation_id
         AND d.day >= make_date(c.year, c.month, 1) AND d.day < make_date(c.year, c.month, 1) + interval '1 month'
       GROUP BY 1, 2, 3, 4, 5, 6
     ), monthly AS (
       SELECT m.* FROM usage_aggregates m JOIN changed USING (organisation_id, year, month)
     )
     SELECT organisation_id, project_id, metric_name, unit, year, month, d.total AS daily, m.total_value AS monthly,
       d.n AS daily_count, m.event_count AS monthly_count
     FROM daily d FULL JOIN monthly m USING (organisation_id, project_id, metric_name, unit, year, month)
     WHERE coalesce(d.total, 0) <> coalesce(m.total_value, 0) OR coalesce(d.n, 0) <> coalesce(m.event_count, 0)
     LIMIT ${DIFFERENCES_MAX}`,
    [since],
  );
  return rows.map(({ organisation_id, ...detail }) => ({ check: 'month', organisation_id, detail }));
}

/** A day's statistics must match its generations. */
export async function findStatisticsDifferences(tx: LedgerTransaction, since: string): Promise<Difference[]> {
  const names: (keyof Row<'ai_generations'> & keyof Row<'ai_statistics_daily'>)[] = [
    ...TOKEN_KINDS.map((kind) => `${kind}_tokens` as const),
    'cost_usd',
  ];
  const key = columns('ai_statistics_daily', [
    'organisation_id',
    'day',
    'user_id',
    'generation_type',
    'provider',
    'model',
  ]);
  const sums = (prefix: string, sum: (name: string) => string): string =>
    names.map((name) => `${sum(name)} AS ${prefix}_${name}`).join(', ');
  const rows = await tx.query<Pick<Row<'ai_statistics_daily'>, 'organisation_id'>>(
    `WITH changed AS (
       SELECT DISTINCT organisation_id, day FROM ai_statistics_daily WHERE updated_at >= $1
       UNION SELECT DISTINCT organisation_id, day FROM usage_daily WHERE updated_at >= $1 AND metric_name = 'ai.calls'
     ), generations AS (
       SELECT c.organisation_id, c.day, coalesce(g.user_id, '') AS user_id, g.generation_type, g.provider, g.model,
         count(*) AS n, count(*) FILTER (WHERE g.status = 'success') AS n_success,
         coalesce(sum(g.duration_ms), 0) AS duration, count(g.duration_ms) AS n_duration, count(g.cost_usd) AS n_cost,
         ${sums('g', (name) => `coalesce(sum(g.${name}), 0)`)}
       FROM changed c CROSS JOIN LATERAL (
         SELECT * FROM ai_generations WHERE organisation_id = c.organisation_id AND day = c.day
           AND project_id = ANY (ARRAY(SELECT id FROM projects WHERE organisation_id = c.organisation_id))
           AND occurred_at >= c.day::timestamptz - interval '2 days' AND occurred_at < c.day::timestamptz + interval '3 days'
         OFFSET 0) g
       GROUP BY 1, 2, 3, 4, 5, 6
     ), statistics AS (
       SELECT ${key}, total_requests, success_requests, failed_requests, duration_ms_sum, duration_count, cost_count,
         ${sums('s', (name) => name)}
       FROM ai_statistics_daily JOIN changed USING (organisation_id, day)
     )
     SELECT ${key}, n, total_requests, g_cost_usd, s_cost_usd
     FROM generations FULL JOIN statistics USING (${key})
     WHERE (n, n_success, n - n_success, duration, n_duration, n_cost, ${names.map((name) => `g_${name}`).join(', ')})
       IS DISTINCT FROM (total_requests, success_requests, failed_requests, duration_ms_sum, duration_count, cost_count,
         ${names.map((name) => `s_${name}`).join(', ')})
     LIMIT ${DIFFERENCES_MAX}`,
    [since],
  );
  return rows.map(({ organisation_id, ...detail }) => ({ check: 'statistics', organisation_id, detail }));
}

/** Keys must equal counted events plus quarantined events with a key, by organisation. */
export async function findKeyDifferences(tx: LedgerTransaction): Promise<Difference[]> {
  const rows = await tx.query<Pick<Row<'event_keys'>, 'organisation_id'>>(
    `SELECT organisation_id, k.n AS keys, e.n AS counted, q.n AS quarantined
     FROM (SELECT organisation_id, count(*) AS n FROM event_keys GROUP BY 1) k
       FULL JOIN (SELECT organisation_id, count(*) AS n FROM counted_events GROUP BY 1) e USING (organisation_id)
       FULL JOIN (SELECT organisation_id, count(*) AS n FROM event_quarantine WHERE keyed GROUP BY 1) q USING (organisation_id)
     WHERE coalesce(k.n, 0) <> coalesce(e.n, 0) + coalesce(q.n, 0) LIMIT ${DIFFERENCES_MAX}`,
  );
  return rows.map(({ organisation_id, ...detail }) => ({ check: 'keys', organisation_id, detail }));
}

/**
 * Each batch of an epoch must begin where the previous one ended, the first at 0, and the cursor must be at the
 * end of the last.
 */
export async function findBatchGaps(tx: LedgerTransaction): Promise<Difference[]> {
  const rows = await tx.query(
    `SELECT shard, stream, epoch, from_seq, to_seq, expected FROM (
       SELECT shard, stream, epoch, from_seq, to_seq,
         lag(to_seq, 1, 0::bigint) OVER (PARTITION BY shard, stream, epoch ORDER BY to_seq) AS expected FROM rollup_batches
     ) batch WHERE from_seq <> expected
     UNION ALL
     SELECT c.shard, c.stream, c.epoch, c.last_seq, c.last_seq, coalesce(max(b.to_seq), 0) FROM rollup_cursors c
     LEFT JOIN rollup_batches b ON b.shard = c.shard AND b.stream = c.stream AND b.epoch = c.epoch
     GROUP BY c.shard, c.stream, c.epoch, c.last_seq HAVING c.last_seq <> coalesce(max(b.to_seq), 0)
     LIMIT ${DIFFERENCES_MAX}`,
  );
  return rows.map((detail) => ({ check: 'batches', organisation_id: null, detail: { ...detail } }));
}
