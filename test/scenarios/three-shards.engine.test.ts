/** One more block of configuration is one more shard: organisations spread, and everything else stays as it is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'meterbook-shards-'));
let world: OwnRuntime;
let tenants: Tenant[];

/** wrangler.toml with two further shards: each block of HOT_0 once more as HOT_1 and HOT_2. */
function writeConfiguration(): string {
  const text = readFileSync(join(REPOSITORY, 'wrangler.toml'), 'utf8').replaceAll(
    '"workers/',
    `"${REPOSITORY}/workers/`,
  );
  const block = /\[\[env\.\w+\.d1_databases\]\]\nbinding = "HOT_0"\n(?:\w+ = .*\n)+/g;
  const further = (each: string, shard: number): string =>
    each.replaceAll('HOT_0', `HOT_${shard}`).replaceAll('hot-0', `hot-${shard}`);
  const path = join(folder, 'wrangler.toml');
  writeFileSync(
    path,
    text.replace(block, (each) => `${each}\n${further(each, 1)}\n${further(each, 2)}`),
  );
  return path;
}

beforeAll(async () => {
  world = await startOwnRuntime({ configPath: writeConfiguration() });
  tenants = [];
  for (let i = 0; i < 6; i++) tenants.push(await world.tenant());
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
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
