/**
 * One more block of configuration is one more shard: organisations are spread over them, and everything else
 * stays the same.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configureShards } from '../setup/shards.ts';
import { type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

const configuration = configureShards(3);
let world: OwnRuntime;
let tenants: Tenant[];

beforeAll(async () => {
  world = await startOwnRuntime({ configPath: configuration.configPath });
  tenants = [];
  for (let i = 0; i < 6; i++) tenants.push(await world.tenant());
});
afterAll(async () => {
  await world?.stop();
  configuration.remove();
});

test('organisations are spread over the shards, and the shard is stored with each', async () => {
  expect(tenants.map((tenant) => tenant.shard)).toEqual([0, 1, 2, 0, 1, 2]);
  for (const { organisation_id, shard } of tenants) {
    expect((await world.get(`/v1/admin/organisations/${organisation_id}`)).body.shard).toBe(shard);
  }
});

test('the events of an organisation lie in its own shard and nowhere else', async () => {
  for (const [index, tenant] of tenants.entries()) {
    const receipt = await tenant.send(['same-key', 'm', String(index + 1), '2026-09-10T12:00:00Z']);
    expect(receipt.body.accepted).toBe(1);
  }
  for (const shard of [0, 1, 2]) {
    const database = await world.runtime.d1(`HOT_${shard}`);
    const { results } = await database.prepare('SELECT DISTINCT organisation_id FROM usage_events').all();
    const expected = tenants
      .filter((tenant) => tenant.shard === shard)
      .map(({ organisation_id }) => ({ organisation_id }));
    expect(results).toEqual(expect.arrayContaining(expected));
    expect(results).toHaveLength(expected.length);
  }
});

test('one run drains all shards, each by its own cursor', async () => {
  expect(await world.job('rollup')).toMatchObject({ n_in: 6, n_counted: 6, batches: 3, halted_shards: [] });
  const status = await world.get('/v1/admin/status');
  expect(
    status.body.shards.map((each: { shard: number; last_seq: number }) => [each.shard, each.last_seq]),
  ).toEqual([
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
  await world.job('verify');
});

test('a halted shard keeps neither the others nor their invoices', async () => {
  const database = await world.runtime.d1('HOT_1');
  await database.prepare('DELETE FROM usage_events').run();
  expect((await world.post('/v1/admin/jobs/rollup')).body).toMatchObject({
    status: 'failed',
    halted_shards: [1],
  });
  await world.post('/v1/admin/pricing-plans', {
    metric_name: 'm',
    unit: 'unit',
    currency: 'USD',
    charge_model: 'per_unit',
    price_per_unit: '1.5',
    effective_from: '2026-01-01',
  });
  const finalize = async (tenant: Tenant) => {
    const draft = await world.post('/v1/admin/invoices', {
      organisation_id: tenant.organisation_id,
      year: 2026,
      month: 9,
    });
    return await world.post(`/v1/admin/invoices/${draft.body.id}/finalize`);
  };
  const [first, second] = tenants as [Tenant, Tenant];
  expect(await finalize(first)).toMatchObject({ status: 200, body: { total: '1.50' } });
  expect(await finalize(second)).toMatchObject({ status: 409, body: { code: 'not_drained' } });
  expect((await world.post('/v1/admin/shards/1/resync')).body).toEqual({ shard: 1, epoch: 2 });
  await world.job('rollup');
  await world.job('verify');
});
