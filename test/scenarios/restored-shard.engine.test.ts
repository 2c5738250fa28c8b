/** D1 is restored to an older moment, and new events take the numbers of the lost ones before it is noticed. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

const MONTH = '2026-09';
let world: OwnRuntime;
let tenant: Tenant;
let owner: pg.Client;

beforeAll(async () => {
  world = await startOwnRuntime();
  tenant = await world.tenant();
  owner = new pg.Client({ connectionString: world.runtime.ownerDatabaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await world.stop();
});

async function total(): Promise<string> {
  const { body } = await world.get(
    `/v1/admin/usage-aggregates?organisation_id=${tenant.organisation_id}&year=2026&month=9`,
  );
  return body.data[0]?.total_value ?? '0';
}

/** The effect of a restore on the events: rows after a moment are gone, and so is the record of their numbers. */
async function restoreHotTo(seq: number): Promise<void> {
  const database = await world.runtime.d1('HOT_0');
  await database.batch([
    database.prepare('DELETE FROM usage_events WHERE seq > ?1').bind(seq),
    database.prepare("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'usage_events'").bind(seq),
    database.prepare('DELETE FROM drained_ranges WHERE to_seq > ?1').bind(seq),
  ]);
}

describe('a hot store restored to an older moment', () => {
  test('halts its shard, also when new events have already taken the lost numbers', async () => {
    await tenant.send(['a', 'm', '1', `${MONTH}-01T00:00:00Z`], ['b', 'm', '2', `${MONTH}-02T00:00:00Z`]);
    await tenant.send(['c', 'm', '4', `${MONTH}-03T00:00:00Z`], ['d', 'm', '8', `${MONTH}-04T00:00:00Z`]);
    await world.job('rollup');
    expect(await total()).toBe('15');

    await restoreHotTo(2);
    // Two new events take seq 3 and 4; the cursor is at 4, on an event that no longer exists.
    const receipt = await tenant.send(
      ['e', 'm', '16', `${MONTH}-05T00:00:00Z`],
      ['f', 'm', '32', `${MONTH}-05T00:00:00Z`],
    );
    expect(receipt.body.accepted).toBe(2);

    const { body } = await world.post('/v1/admin/jobs/rollup');
    expect(body).toMatchObject({ status: 'failed', n_counted: 0, halted_shards: [0] });
    expect(await total()).toBe('15');
    const status = await world.get('/v1/admin/status');
    expect(status.body.shards[0]).toMatchObject({ halted: true, epoch: 1 });
    expect(status.body.shards[0].halt_reason).toContain('restored to an older moment');
    expect((await world.get('/ready')).status).toBe(503);
  });

  test('finalization waits while the shard is halted', async () => {
    await world.post('/v1/admin/pricing-plans', {
      organisation_id: tenant.organisation_id,
      metric_name: 'm',
      unit: 'unit',
      currency: 'USD',
      charge_model: 'per_unit',
      price_per_unit: '1',
      effective_from: '2026-01-01',
    });
    const draft = await world.post('/v1/admin/invoices', {
      organisation_id: tenant.organisation_id,
      year: 2026,
      month: 9,
    });
    const refused = await world.post(`/v1/admin/invoices/${draft.body.id}/finalize`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_drained' } });
    await world.post(`/v1/admin/invoices/${draft.body.id}/cancel`);
  });

  test('resync counts what came since, and nothing twice', async () => {
    const resynced = await world.post('/v1/admin/shards/0/resync');
    expect(resynced).toMatchObject({ status: 200, body: { shard: 0, epoch: 2 } });
    const run = await world.job('rollup');
    // a and b again, which do not count; e and f for the first time.
    expect(run).toMatchObject({ n_in: 4, n_duplicate: 2, n_counted: 2 });
    expect(await total()).toBe('63');
    const listed = await world.get(`/v1/admin/event-conflicts?organisation_id=${tenant.organisation_id}`);
    expect(listed.body.data).toEqual([]);
    expect((await world.get('/ready')).status).toBe(200);
    await world.job('verify');
  });

  test('an event lost from the hot store but counted before stays a duplicate for ever', async () => {
    const again = await tenant.send(['d', 'm', '8', `${MONTH}-04T00:00:00Z`]);
    expect(again.body.accepted).toBe(1);
    expect(await world.job('rollup')).toMatchObject({ n_duplicate: 1, n_counted: 0 });
    expect(await total()).toBe('63');
    const located = await world.get('/v1/events/d', tenant.key);
    expect(located.body).toMatchObject({ status: 'counted', later: [{ status: 'duplicate' }] });
  });

  test('resync is refused for a shard that is not halted, and unknown for one that is not there', async () => {
    expect(await world.post('/v1/admin/shards/0/resync')).toMatchObject({
      status: 409,
      body: { code: 'shard_not_halted' },
    });
    expect((await world.post('/v1/admin/shards/7/resync')).status).toBe(404);
  });

  test('a restore that took back only conflicts is seen by their own cursor', async () => {
    await tenant.send(['a', 'm', '99', `${MONTH}-01T00:00:00Z`]);
    await world.job('rollup');
    const database = await world.runtime.d1('HOT_0');
    await database.batch([
      database.prepare('DELETE FROM event_conflicts'),
      database.prepare("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'event_conflicts'"),
    ]);
    await tenant.send(['a', 'm', '98', `${MONTH}-01T00:00:00Z`]);
    expect((await world.post('/v1/admin/jobs/rollup')).body).toMatchObject({
      status: 'failed',
      halted_shards: [0],
    });
    await world.post('/v1/admin/shards/0/resync');
    await world.job('rollup');
    const { rows } = await owner.query(
      "SELECT event->>'metric_value' AS value FROM event_conflicts WHERE kind = 'conflict' ORDER BY 1",
    );
    expect(rows.map((row) => row.value)).toEqual(['98', '99']);
    expect(await total()).toBe('63');
  });
});
