/**
 * A revoked key stops working at the edge within 60 s, even if its publish was lost: the edge caches it for
 * 20 s, and the publish job runs twice a minute. The requests carry the current time.
 */
import { describe, expect, test } from 'vitest';
import type { HotDatabase } from '../../src/db/hot.ts';
import type { LedgerTransaction } from '../../src/db/ledger.ts';
import { upsertPublications } from '../../src/tenants/publication/directory-store.ts';
import { readPublications } from '../../src/tenants/publication/publication-store.ts';
import type { Publication } from '../../src/tenants/publication/published-tenant.ts';
import { type Answer, ask, eventOf, problemOf, send, withoutRequestId, world } from '../http/wire.ts';
import { connectOwner, queryD1 } from '../setup/client.ts';
import type { Tenant } from '../setup/world.ts';

const EDGE_REMEMBERS_MS = 20_000;

/** An event with the key, at a moment of the edge's clock. */
const sendAt = (key: string, moment: number): Promise<Answer> =>
  send(key, eventOf(), { 'x-test-clock': new Date(moment).toISOString() });

/** The changes of a verb without its publish: the state if the isolate dies after the commit. */
async function changeUnpublished(tenant: Tenant, sql: string): Promise<void> {
  const owner = await connectOwner();
  await owner.query(sql, [tenant.organisation_id]);
  await owner.query(
    'UPDATE organisations SET publication_version = publication_version + 1, updated_at = now() WHERE id = $1',
    [tenant.organisation_id],
  );
  await owner.end();
}

const revoke = async ({ organisation_id }: Tenant): Promise<void> => {
  const { body } = await world.get(`/v1/admin/api-keys?organisation_id=${organisation_id}`);
  await world.post(`/v1/admin/api-keys/${body.data[0].id}/revoke`);
};

const WAYS: Readonly<Record<string, (tenant: Tenant) => Promise<void>>> = {
  'is revoked': revoke,
  'is revoked and the publish is lost': async (tenant) => {
    await changeUnpublished(
      tenant,
      'UPDATE api_keys SET is_active = false, revoked_at = now() WHERE organisation_id = $1',
    );
    await world.job('publish');
  },
  'is revoked in a ledger put back behind what it had published': async (tenant) => {
    const owner = await connectOwner();
    await owner.query('UPDATE api_keys SET is_active = false WHERE organisation_id = $1', [
      tenant.organisation_id,
    ]);
    await owner.query('UPDATE organisations SET publication_version = 1 WHERE id = $1', [
      tenant.organisation_id,
    ]);
    await owner.end();
    await world.job('publish');
  },
  'has its project set inactive': async ({ project_id }) => {
    await world.patch(`/v1/admin/projects/${project_id}`, { is_active: false });
  },
  'has its organisation set inactive': async ({ organisation_id }) => {
    await world.patch(`/v1/admin/organisations/${organisation_id}`, { is_active: false });
  },
  'is given a past expiry and the publish is lost': async (tenant) => {
    await changeUnpublished(
      tenant,
      "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE organisation_id = $1",
    );
    await world.job('publish');
  },
};

describe('a key that the edge remembers stops there once it', () => {
  test.each(Object.entries(WAYS))('%s', async (_, stop) => {
    const tenant = await world.tenant();
    const found = Date.now();
    expect((await sendAt(tenant.key, found)).status).toBe(202);
    await stop(tenant);
    expect((await sendAt(tenant.key, found + EDGE_REMEMBERS_MS - 1)).status).toBe(202);
    const stopped = await sendAt(tenant.key, found + EDGE_REMEMBERS_MS);
    expect(stopped.status).toBe(401);
    const unknown = await send(`mb_live_${'y'.repeat(36)}`, eventOf());
    expect(withoutRequestId(stopped)).toEqual(withoutRequestId(unknown));
    problemOf(await ask('/v1/usage', { key: tenant.key }), 401);
  });

  test('reaches its expiry, to the millisecond', async () => {
    const tenant = await world.tenant();
    const expires_at = Date.now() + 3_600_000;
    const { body } = await world.post('/v1/admin/api-keys', {
      project_id: tenant.project_id,
      name: 'Short',
      expires_at,
    });
    expect((await sendAt(body.key, expires_at - 1)).status).toBe(202);
    expect((await sendAt(body.key, expires_at)).status).toBe(401);
  });
});

test('a key works at once, and what stopped starts again once it is set active', async () => {
  const { organisation_id, project_id } = await world.tenant();
  for (const path of [`projects/${project_id}`, `organisations/${organisation_id}`]) {
    // A new key each time: the edge caches the keys that it has found valid.
    const { body } = await world.post('/v1/admin/api-keys', { project_id, name: 'New' });
    await world.patch(`/v1/admin/${path}`, { is_active: false });
    problemOf(await send(body.key, eventOf()), 401);
    await world.patch(`/v1/admin/${path}`, { is_active: true });
    expect((await send(body.key, eventOf())).status).toBe(202);
  }
});

/** DIRECTORY, from this process: the part of D1 that publishing needs. */
const directory = {
  prepare: (sql: string) => ({ bind: (...params: (string | number | null)[]) => ({ sql, params }) }),
  batch: async (statements: readonly { sql: string; params: (string | number | null)[] }[]) => {
    for (const { sql, params } of statements) await queryD1('DIRECTORY', sql, ...params);
    return [];
  },
} as unknown as HotDatabase;

test('a revoked key stays revoked when an older publish comes late', async () => {
  const tenant = await world.tenant();
  const published = async (): Promise<Publication> => {
    const owner = await connectOwner();
    await owner.query('SET ROLE meterbook_platform');
    const tx = { query: async (text: string, values: unknown[]) => (await owner.query(text, values)).rows };
    const [publication] = await readPublications(
      tx as unknown as LedgerTransaction,
      `{${tenant.organisation_id}}`,
      false,
    );
    await owner.end();
    if (!publication) throw new Error('nothing to publish');
    return publication;
  };
  const heldUp = await published();
  await revoke(tenant);
  const revoked = await published();
  // A run delayed since before the revocation publishes a lower version, which has no effect.
  await upsertPublications(directory, [heldUp]);
  problemOf(await send(tenant.key, eventOf()), 401);
  await upsertPublications(directory, [{ ...revoked, version: Number(revoked.version) + 1 }]);
  problemOf(await send(tenant.key, eventOf()), 401);
});

test('a revocation said twice changes nothing and leaves one audit row', async () => {
  const tenant = await world.tenant();
  const { body } = await world.get(`/v1/admin/api-keys?organisation_id=${tenant.organisation_id}`);
  const path = `/v1/admin/api-keys/${body.data[0].id}/revoke`;
  const [first, second] = [await world.post(path), await world.post(path)];
  expect(first).toMatchObject({ status: 200, body: { is_active: false } });
  expect(second).toEqual(first);
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `SELECT 1 FROM audit_logs WHERE organisation_id = $1 AND action = 'api_key.revoke'`,
    [tenant.organisation_id],
  );
  await owner.end();
  expect(rows).toHaveLength(1);
});

test('when a key was last used is told, without writing each use', async () => {
  const tenant = await world.tenant();
  const before = Date.now();
  for (let i = 0; i < 3; i++) await send(tenant.key, eventOf());
  const after = Date.now();
  await world.job('publish');
  const { body } = await world.get(`/v1/admin/api-keys?organisation_id=${tenant.organisation_id}`);
  const [key] = body.data;
  expect(Date.parse(key.last_used_at)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(key.last_used_at)).toBeLessThanOrEqual(after);
  expect(JSON.stringify(body)).not.toContain('key_hash');
});
