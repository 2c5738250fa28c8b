/**
 * 8,819 real model calls as generations of two models, through the public API to a finalized invoice. Every
 * figure is compared, to the last decimal, with one computed directly from the trace's lines
 * (trace-of-calls.ts).
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fraction, isEqual, type OraclePlan, rounded, usageAmount } from '../pricing/plans/oracle.ts';
import { type Json, type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';
import {
  bodyOf,
  type Call,
  callOf,
  costOf,
  keyOf,
  meteredOf,
  plain,
  readLines,
  secondBodyOf,
  sourceOf,
  sumBy,
} from './trace-of-calls.ts';

const BATCH = 1_000;
const PERIOD = { year: 2023, month: 11 };
const calls = readLines().map(callOf);
const repeated = calls.filter(({ response }) => response !== null);

let world: OwnRuntime;
let tenant: Tenant;
let owner: pg.Client;

const NO_PLAN = {
  price_per_unit: null,
  tiers: null,
  package_size: null,
  package_price: null,
  amount: null,
  rate: null,
  fixed_amount: null,
  included_units: null,
  minimum_amount: null,
  maximum_amount: null,
};
interface Priced {
  readonly metric: string;
  readonly unit: string;
  /** Local days: [from, to). */
  readonly from: string;
  readonly to: string | null;
  readonly plan: Partial<OraclePlan> & { readonly charge_model: string };
}
const CHANGE = '2023-11-17';
const PLANS: readonly Priced[] = [
  {
    metric: 'ai.calls',
    unit: 'call',
    from: '2023-01-01',
    to: null,
    plan: {
      charge_model: 'graduated',
      tiers: [
        { up_to: '1000', price_per_unit: '0.0012345', flat_fee: '1.5' },
        { up_to: '8818', price_per_unit: '0.0007', flat_fee: '0' },
        { up_to: null, price_per_unit: '0.333333333333', flat_fee: '0.01' },
      ],
    },
  },
  {
    metric: 'ai.cost_usd',
    unit: 'usd',
    from: '2023-01-01',
    to: null,
    plan: { charge_model: 'percentage', rate: '125', fixed_amount: '0.0004' },
  },
  {
    metric: 'ai.input_tokens',
    unit: 'token',
    from: '2023-01-01',
    to: CHANGE,
    plan: {
      charge_model: 'graduated',
      tiers: [
        { up_to: '1000000', price_per_unit: '0.000003' },
        { up_to: null, price_per_unit: '0.0000025' },
      ],
    },
  },
  {
    metric: 'ai.input_tokens',
    unit: 'token',
    from: CHANGE,
    to: null,
    plan: { charge_model: 'per_unit', price_per_unit: '0.000003333333' },
  },
  {
    metric: 'ai.output_tokens',
    unit: 'token',
    from: '2023-01-01',
    to: null,
    plan: { charge_model: 'per_unit', price_per_unit: '0.000015000001' },
  },
  {
    metric: 'ai.cache_read_tokens',
    unit: 'token',
    from: '2023-01-01',
    to: null,
    plan: { charge_model: 'package', package_size: '1000', package_price: '0.0007' },
  },
];

beforeAll(async () => {
  world = await startOwnRuntime();
  owner = new pg.Client({ connectionString: world.runtime.ownerDatabaseUrl });
  await owner.connect();
  tenant = await world.tenant({ timezone: 'Asia/Kolkata' });
  const { organisation_id } = tenant;
  for (const { metric, unit, from, to, plan } of PLANS) {
    const made = await world.post('/v1/admin/pricing-plans', {
      organisation_id,
      metric_name: metric,
      unit,
      currency: 'USD',
      effective_from: from,
      ...(to !== null && { effective_to: to }),
      ...plan,
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
  }
});
afterAll(async () => {
  await owner?.end();
  await world?.stop();
});

const send = (bodies: readonly unknown[]): Promise<{ status: number; body: Json }> =>
  world.post('/v1/ai/generations', bodies, tenant.key);
const rowsOf = async (sql: string): Promise<Json[]> =>
  (await owner.query({ text: sql, values: [tenant.organisation_id] })).rows;

describe('the trace as calls', () => {
  test('is taken once, whatever is sent again and by whichever way', async () => {
    let accepted = 0;
    for (let start = 0; start < calls.length; start += BATCH) {
      const batch = calls.slice(start, start + BATCH).map(bodyOf);
      const first = await send(batch);
      expect(first, JSON.stringify(first.body)).toMatchObject({
        status: 202,
        body: { duplicates: 0, conflicts: 0, rejected: 0 },
      });
      accepted += first.body.accepted;
      if ((start / BATCH) % 3 !== 0) continue;
      // Like a client that never received the answer.
      expect(await send(batch)).toMatchObject({
        status: 202,
        body: { accepted: 0, duplicates: batch.length, conflicts: 0 },
      });
    }
    expect(accepted).toBe(8_819);
    expect(await send(repeated.map(secondBodyOf))).toMatchObject({
      status: 202,
      body: { accepted: 0, duplicates: repeated.length, conflicts: 0 },
    });
    const other = calls.filter(({ response }) => response === null).slice(0, 3);
    const changed = other.map((call) => ({ ...bodyOf(call), duration_ms: 8_999_999 }));
    expect(await send(changed)).toMatchObject({ status: 207, body: { accepted: 0, conflicts: 3 } });
    expect(await world.job('rollup')).toMatchObject({ n_counted: 8_819, halted_shards: [] });
    // The drain above leaves nothing for a second run.
    expect(await world.job('rollup')).toMatchObject({ n_counted: 0 });
  });

  test('is one row each, with its cost, its own tokens, and what only the second arrival knew', async () => {
    const rows = await rowsOf(
      `SELECT coalesce(client_key, idempotency_key) AS key, provider, model, generation_type, user_id, status, response_id,
         session_id, cost_source, trim_scale(cost_usd)::text AS cost, to_char(day, 'YYYY-MM-DD') AS day,
         input_tokens::int AS input, output_tokens::int AS output, cache_read_tokens::int AS cache_read,
         cache_write_5m_tokens::int AS cache_write, reasoning_tokens::int AS reasoning, duration_ms::int AS duration
       FROM ai_generations WHERE organisation_id = $1 ORDER BY occurred_at, 1`,
    );
    const found = new Map(rows.map((row) => [row.key, row]));
    expect([rows.length, found.size]).toEqual([8_819, 8_819]);
    for (const call of calls) {
      const cost = costOf(call);
      expect(found.get(keyOf(call))).toEqual({
        key: keyOf(call),
        provider: call.vendor.provider,
        model: call.vendor.model,
        generation_type: call.scene,
        user_id: call.user,
        status: call.status,
        response_id: call.response,
        session_id: call.response === null ? null : `session-${call.n}`,
        cost_source: sourceOf(call),
        cost: cost === null ? null : plain(cost),
        day: call.day,
        input: call.tokens?.input ?? 0,
        output: call.tokens?.output ?? 0,
        cache_read: call.tokens?.cacheRead ?? 0,
        cache_write: call.tokens?.cacheWrite ?? 0,
        reasoning: call.tokens?.reasoning ?? 0,
        duration: call.duration,
      });
    }
    // Each source of a cost occurs among them.
    expect(new Set(calls.map(sourceOf))).toEqual(new Set(['reported', 'priced', 'unpriced']));
  });

  const SUMS = (table: string, cost: string): string => `SELECT ${table} AS "group", ${cost}`;
  test('costs by model what its lines cost', async () => {
    const rows = await rowsOf(
      `${SUMS(
        `provider || '/' || model`,
        `count(*)::text AS calls, (count(*) FILTER (WHERE status = 'success'))::text AS success,
         sum(input_tokens)::text AS input, sum(output_tokens)::text AS output, sum(cache_read_tokens)::text AS cache_read,
         sum(cache_write_5m_tokens + cache_write_1h_tokens)::text AS cache_write, sum(reasoning_tokens)::text AS reasoning,
         sum(duration_ms)::text AS duration, count(duration_ms)::text AS timed,
         trim_scale(sum(cost_usd))::text AS cost`,
      )} FROM ai_generations WHERE organisation_id = $1 GROUP BY 1 ORDER BY 1`,
    );
    const expected = sumBy(calls, ({ vendor }) => `${vendor.provider}/${vendor.model}`);
    expect(expected).toHaveLength(2);
    expect(rows.map(({ group, ...sums }) => [group, sums])).toEqual(expected);
  });

  test('has the statistics of each user, day, scene and model', async () => {
    const rows = await rowsOf(
      `SELECT concat_ws('|', to_char(day, 'YYYY-MM-DD'), user_id, generation_type, provider, model) COLLATE "C" AS "group",
         total_requests::text AS calls, success_requests::text AS success,
         trim_scale(input_tokens)::text AS input, trim_scale(output_tokens)::text AS output,
         trim_scale(cache_read_tokens)::text AS cache_read,
         trim_scale(cache_write_5m_tokens + cache_write_1h_tokens)::text AS cache_write,
         trim_scale(reasoning_tokens)::text AS reasoning, trim_scale(duration_ms_sum)::text AS duration,
         duration_count::text AS timed, trim_scale(cost_usd)::text AS cost, failed_requests::text AS failed
       FROM ai_statistics_daily WHERE organisation_id = $1 ORDER BY 1`,
    );
    const expected = sumBy(calls, ({ day, user, scene, vendor }) =>
      [day, user ?? '', scene, vendor.provider, vendor.model].join('|'),
    );
    // Two days, seven users or none, three scenes, two models.
    expect(expected).toHaveLength(2 * 7 * 3 * 2);
    expect(rows.map(({ group, failed, ...sums }) => [group, sums])).toEqual(expected);
    for (const { calls, success, failed } of rows)
      expect(BigInt(success) + BigInt(failed)).toBe(BigInt(calls));
  });

  test('is metered by day and by month as its lines add up', async () => {
    const { organisation_id } = tenant;
    const { body } = await world.get(
      `/v1/admin/usage-aggregates?organisation_id=${organisation_id}&year=2023&month=11`,
    );
    const found = Object.fromEntries(
      body.data.map((row: Json) => [row.metric_name, { total: row.total_value, events: row.event_count }]),
    );
    const names = [
      'ai.calls',
      'ai.input_tokens',
      'ai.output_tokens',
      'ai.cache_read_tokens',
      'ai.cache_write_tokens',
      'ai.cost_usd',
    ];
    expect(found).toEqual(Object.fromEntries(names.map((name) => [name, meteredOf(calls, name)])));
    for (const name of names) {
      const days = await world.get(`/v1/usage?metric_name=${name}&granularity=day`, tenant.key);
      const expected = ['2023-11-16', '2023-11-17'].map((day) => {
        const { total, events } = meteredOf(
          calls.filter((call) => call.day === day),
          name,
        );
        return { period: day, total_value: total, event_count: events };
      });
      expect(days.body.data).toMatchObject(expected);
    }
  });

  test('is invoiced by each plan, each line rounded once, and every line explains itself', async () => {
    const { organisation_id } = tenant;
    await world.job('verify');
    const draft = await world.post('/v1/admin/invoices', { organisation_id, ...PERIOD });
    expect(draft.status, JSON.stringify(draft.body)).toBe(201);
    const { status, body: invoice } = await world.post(`/v1/admin/invoices/${draft.body.id}/finalize`);
    expect(status, JSON.stringify(invoice)).toBe(200);
    const expected = PLANS.map((priced) => lineOf(priced));
    const found = invoice.line_items.map((line: Json) => ({
      metric_name: line.metric_name,
      quantity: line.quantity,
      event_count: line.event_count,
      total: line.total,
    }));
    expect(sorted(found)).toEqual(sorted(expected));
    expect(isEqual(fraction(invoice.total), sumOf(expected.map(({ total }) => total)))).toBe(true);
    expect(invoice.unpriced).toMatchObject([
      { metric_name: 'ai.cache_write_tokens', quantity: meteredOf(calls, 'ai.cache_write_tokens').total },
    ]);
    const { body: explained } = await world.get(`/v1/admin/invoices/${invoice.id}/explain`);
    expect(explained.lines.map((line: Json) => line.recomputed.matches)).toEqual(PLANS.map(() => true));
    await world.job('verify');
  });
});

interface OracleLine {
  readonly metric_name: string;
  readonly quantity: string;
  readonly event_count: number;
  readonly total: string;
}

function lineOf({ metric, from, to, plan }: Priced): OracleLine {
  const ruled = calls.filter(({ day }: Call) => day >= from && (to === null || day < to));
  const { total, events } = meteredOf(ruled, metric);
  const amount = rounded(usageAmount({ ...NO_PLAN, ...plan }, total, events), 2);
  return { metric_name: metric, quantity: total, event_count: events, total: centsOf(amount) };
}

const centsOf = ({ over, under }: { over: bigint; under: bigint }): string => {
  const digits = ((over * 100n) / under).toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

const sumOf = (amounts: readonly string[]) => ({
  over: amounts.reduce((sum, amount) => sum + BigInt(amount.replace('.', '')), 0n),
  under: 100n,
});

const sorted = (lines: readonly OracleLine[]): OracleLine[] =>
  lines.toSorted((a, b) => (`${a.metric_name} ${a.quantity}` < `${b.metric_name} ${b.quantity}` ? -1 : 1));
