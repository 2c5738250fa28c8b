/**
 * Many calls of 0.000114 USD through the public API: every place that stores their sum has exactly the
 * expected one.
 */
import pg from 'pg';
import { expect } from 'vitest';
import { type Json, type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

const BATCH = 5_000;

export interface ManyCalls {
  readonly calls: number;
  /** The cost of all of them; the charge is that plus a fifth. */
  readonly cost: string;
  readonly total: string;
}

/** 360 × 0.15 + 100 × 0.6 = 114 USD for a million such calls. */
const callsFrom = (start: number): Json[] =>
  Array.from({ length: BATCH }, (_, index) => ({
    provider: 'openai',
    model: 'gpt-4o-mini',
    generation_type: 'chat',
    user_id: `user-${(start + index) % 7}`,
    tokens: { input: 360, output: 100 },
    occurred_at: new Date(Date.UTC(2026, 8, 1) + (start + index) * 20_000).toISOString(),
    idempotency_key: `call-${start + index}`,
  }));

export async function expectExactSums({ calls, cost, total }: ManyCalls): Promise<void> {
  const world = await startOwnRuntime();
  const owner = new pg.Client({ connectionString: world.runtime.ownerDatabaseUrl });
  await owner.connect();
  try {
    const tenant = await makeTenant(world);
    await sendAll(world, tenant, calls);
    await drainAll(world, calls);
    await expectSums({ world, owner, tenant }, { calls, cost, total });
  } finally {
    await owner.end();
    await world.stop();
  }
}

async function makeTenant(world: OwnRuntime): Promise<Tenant> {
  const tenant = await world.tenant();
  const { organisation_id } = tenant;
  const plan = await world.post('/v1/admin/pricing-plans', {
    organisation_id,
    metric_name: 'ai.cost_usd',
    unit: 'usd',
    currency: 'USD',
    charge_model: 'percentage',
    rate: '120',
    effective_from: '2026-01-01',
  });
  expect(plan.status, JSON.stringify(plan.body)).toBe(201);
  return tenant;
}

async function sendAll(world: OwnRuntime, { key }: Tenant, calls: number): Promise<void> {
  for (let start = 0; start < calls; start += BATCH) {
    const sent = await world.post('/v1/ai/generations', callsFrom(start), key);
    expect(sent).toMatchObject({ status: 202, body: { accepted: BATCH } });
  }
  const again = await world.post('/v1/ai/generations', callsFrom(calls - BATCH), key);
  expect(again).toMatchObject({ status: 202, body: { accepted: 0, duplicates: BATCH } });
}

/** A slow machine needs more than one run, each of which ends when its time budget is used up. */
async function drainAll(world: OwnRuntime, calls: number): Promise<void> {
  let counted = 0;
  for (let status = 'partial'; status === 'partial'; ) {
    const { body } = await world.post('/v1/admin/jobs/rollup');
    counted += body.n_counted;
    status = body.status;
    expect(['partial', 'succeeded']).toContain(status);
  }
  expect(counted).toBe(calls);
}

interface Place {
  readonly world: OwnRuntime;
  readonly owner: pg.Client;
  readonly tenant: Tenant;
}

async function expectSums({ world, owner, tenant }: Place, { calls, cost, total }: ManyCalls): Promise<void> {
  const { organisation_id } = tenant;
  const textOf = async (sql: string): Promise<string[]> => {
    const { rows } = await owner.query<{ sum: string }>(sql, [organisation_id]);
    return rows.map(({ sum }) => sum);
  };
  const ofCalls = `SELECT count(*) || ' ' || trim_scale(min(cost_usd)) || ' ' || trim_scale(max(cost_usd)) || ' ' ||
    trim_scale(sum(cost_usd)) AS sum FROM ai_generations WHERE organisation_id = $1`;
  expect(await textOf(ofCalls)).toEqual([`${calls} 0.000114 0.000114 ${cost}`]);
  const ofStatistics = `SELECT sum(total_requests) || ' ' || trim_scale(sum(cost_usd)) AS sum FROM ai_statistics_daily
    WHERE organisation_id = $1`;
  expect(await textOf(ofStatistics)).toEqual([`${calls} ${cost}`]);
  for (const table of ['usage_hourly', 'usage_daily']) {
    const ofUsage = `SELECT sum(event_count) || ' ' || trim_scale(sum(total_value)) AS sum FROM ${table}
      WHERE organisation_id = $1 AND metric_name = 'ai.cost_usd'`;
    expect(await textOf(ofUsage)).toEqual([`${calls} ${cost}`]);
  }
  const { body: months } = await world.get(
    `/v1/admin/usage-aggregates?organisation_id=${organisation_id}&metric_name=ai.cost_usd`,
  );
  expect(months.data).toMatchObject([{ year: 2026, month: 9, total_value: cost, event_count: calls }]);
  await world.job('verify');

  const draft = await world.post('/v1/admin/invoices', { organisation_id, year: 2026, month: 9 });
  const invoice = await world.post(`/v1/admin/invoices/${draft.body.id}/finalize`);
  expect(invoice.body).toMatchObject({
    total,
    line_items: [{ quantity: cost, event_count: calls }],
  });
}
