/** The edge has what the ledger has: at once, repaired after a lost publish, and never set back. */
import { beforeAll, describe, expect, test } from 'vitest';
import { hashKey } from '../../../src/access/key.ts';
import { eventOf, send, world } from '../../http/wire.ts';
import { connectOwner, queryD1 } from '../../setup/client.ts';
import type { Json, Tenant } from '../../setup/world.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const published = async ({ organisation_id } = tenant): Promise<Record<string, Json>> => {
  const sql = 'SELECT * FROM published_organisations WHERE organisation_id = ?';
  const [row] = await queryD1<Record<string, Json>>('DIRECTORY', sql, organisation_id);
  return row ?? {};
};
const publishedKey = async (key: string): Promise<Record<string, Json> | undefined> => {
  const sql = 'SELECT * FROM published_keys WHERE key_hash = ?';
  const [row] = await queryD1<Record<string, Json>>('DIRECTORY', sql, hashKey(key));
  return row;
};
const versionOf = async ({ organisation_id } = tenant): Promise<number> => {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    'SELECT publication_version::int AS n FROM organisations WHERE id = $1',
    [organisation_id],
  );
  await owner.end();
  return rows[0].n;
};

const price = (metric_name: string, organisation_id: string | null = tenant.organisation_id) =>
  world.post('/v1/admin/pricing-plans', {
    organisation_id,
    metric_name,
    unit: 'token',
    currency: 'USD',
    charge_model: 'per_unit',
    price_per_unit: '1',
    effective_from: '2020-01-01',
  });

describe('with the answer of the verb the edge knows', () => {
  test('a new key, by its hash alone', async () => {
    const { organisation_id, project_id, key } = tenant;
    const row = await publishedKey(key);
    expect(row).toMatchObject({ organisation_id, project_id, is_active: 1, expires_at: null });
    expect(JSON.stringify(row)).not.toContain(key);
  });

  test('the shard of the organisation and its prices, and each change raises the version', async () => {
    const before = await published();
    expect(before).toMatchObject({ shard: tenant.shard, is_active: 1, version: await versionOf() });
    await price('known.at.once');
    const after = await published();
    expect(JSON.parse(after['priced_metrics'])).toEqual([['known.at.once', 'token']]);
    expect(after['version']).toBeGreaterThan(before['version']);
    expect(after['version']).toBe(await versionOf());
  });

  test('a price for everyone', async () => {
    const metric = `everyone ${tenant.organisation_id}`;
    await price(metric, null);
    const { key } = await world.tenant();
    expect((await send(key, eventOf({ metric_name: metric }))).body.unpriced_metrics).toEqual([]);
  });

  test('an expiry, to the millisecond', async () => {
    const expires_at = '2999-12-31T23:59:59.123Z';
    const { project_id } = tenant;
    const { body } = await world.post('/v1/admin/api-keys', { project_id, name: 'K', expires_at });
    expect(await publishedKey(body.key)).toMatchObject({ expires_at: Date.parse(expires_at) });
  });
});

describe('the publish job', () => {
  test('brings back what was lost, and writes only differences', async () => {
    const lost = await world.tenant();
    await queryD1('DIRECTORY', 'DELETE FROM published_keys WHERE organisation_id = ?', lost.organisation_id);
    await queryD1(
      'DIRECTORY',
      'DELETE FROM published_organisations WHERE organisation_id = ?',
      lost.organisation_id,
    );
    expect((await send(lost.key, eventOf())).status).toBe(401);
    const healed = await world.job('publish');
    expect(healed.published).toBeGreaterThan(0);
    expect((await send(lost.key, eventOf())).status).toBe(202);
    expect(await published(lost)).toMatchObject({ version: await versionOf(lost), shard: lost.shard });
  });

  test('never moves an organisation to another shard', async () => {
    const before = await published();
    const owner = await connectOwner();
    const change =
      'UPDATE organisations SET publication_version = publication_version + 1, shard = $2 WHERE id = $1';
    await owner.query(change, [tenant.organisation_id, 7]);
    await world.job('publish');
    const after = await published();
    await owner.query(change, [tenant.organisation_id, tenant.shard]);
    await owner.end();
    await world.job('publish');
    expect(after).toMatchObject({ shard: before['shard'], version: before['version'] + 1 });
  });

  test('20 verbs at once leave the edge with the last version', async () => {
    const busy = await world.tenant();
    const { project_id } = busy;
    const created = await Promise.all(
      Array.from({ length: 20 }, () => world.post('/v1/admin/api-keys', { project_id, name: 'K' })),
    );
    await Promise.all(
      created.slice(0, 10).map(({ body }) => world.post(`/v1/admin/api-keys/${body.id}/revoke`)),
    );
    expect((await published(busy))['version']).toBe(await versionOf(busy));
    const states = await Promise.all(
      created.map(async ({ body }) => (await publishedKey(body.key))?.['is_active']),
    );
    expect(states).toEqual([...new Array(10).fill(0), ...new Array(10).fill(1)]);
  });
});
