/** 100,000 calls of 0.000114 USD through the public API: every place that keeps a sum of them says 11.4. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

const CALLS = 100_000;
const BATCH = 5_000;
const COST = '11.4';

let world: OwnRuntime;
let tenant: Tenant;
let owner: pg.Client;
beforeAll(async () => {
  world = await startOwnRuntime();
  owner = new pg.Client({ connectionString: world.runtime.ownerDatabaseUrl });
  await owner.connect();
  tenant = await world.tenant();
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
});
afterAll(async () => {
  await owner?.end();
  await world?.stop();
});

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

const textOf = async (sql: string): Promise<string[]> => {
  const { rows } = await owner.query<{ sum: string }>(sql, [tenant.organisation_id]);
  return rows.map(({ sum }) => sum);
};

test('100,000 calls cost exactly what one costs 100,000 times, in each call, each day, the month and the invoice', async () => {
  for (let start = 0; start < CALLS; start += BATCH) {
    const sent = await world.post('/v1/ai/generations', callsFrom(start), tenant.key);
    expect(sent).toMatchObject({ status: 202, body: { accepted: BATCH } });
  }
  const again = await world.post('/v1/ai/generations', callsFrom(CALLS - BATCH), tenant.key);
  expect(again).toMatchObject({ status: 202, body: { accepted: 0, duplicates: BATCH } });
  expect(await world.job('rollup')).toMatchObject({ n_counted: CALLS });

  const ofCalls = `SELECT count(*) || ' ' || trim_scale(min(cost_usd)) || ' ' || trim_scale(max(cost_usd)) || ' ' ||
    trim_scale(sum(cost_usd)) AS sum FROM ai_generations WHERE organisation_id = $1`;
  expect(await textOf(ofCalls)).toEqual([`${CALLS} 0.000114 0.000114 ${COST}`]);
  const ofStatistics = `SELECT sum(total_requests) || ' ' || trim_scale(sum(cost_usd)) AS sum FROM ai_statistics_daily
    WHERE organisation_id = $1`;
  expect(await textOf(ofStatistics)).toEqual([`${CALLS} ${COST}`]);
  for (const table of ['usage_hourly', 'usage_daily']) {
    const ofUsage = `SELECT sum(event_count) || ' ' || trim_scale(sum(total_value)) AS sum FROM ${table}
      WHERE organisation_id = $1 AND metric_name = 'ai.cost_usd'`;
    expect(await textOf(ofUsage)).toEqual([`${CALLS} ${COST}`]);
  }
  const { organisation_id } = tenant;
  const { body: months } = await world.get(
    `/v1/admin/usage-aggregates?organisation_id=${organisation_id}&metric_name=ai.cost_usd`,
  );
  expect(months.data).toMatchObject([{ year: 2026, month: 9, total_value: COST, event_count: CALLS }]);
  await world.job('verify');

  const draft = await world.post('/v1/admin/invoices', { organisation_id, year: 2026, month: 9 });
  const invoice = await world.post(`/v1/admin/invoices/${draft.body.id}/finalize`);
  // 11.4 × 1.2.
  expect(invoice.body).toMatchObject({
    total: '13.68',
    line_items: [{ quantity: COST, event_count: CALLS }],
  });
}, 300_000);
