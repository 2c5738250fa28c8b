/** There is always exactly one default seller; logo files are stored once, and none for a rejected request. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FileStore, StoredFile } from '../../src/core/ports.ts';
import type { Ctx } from '../../src/db/ctx.ts';
import { createBillingEntity } from '../../src/tenants/create-billing-entity.ts';
import { updateBillingEntity } from '../../src/tenants/update-billing-entity.ts';
import { samplePng } from '../documents/sample-logo.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';

const FIRST = '00000000-0000-7000-8000-000000000001';
const NAMED = { legal_name: 'Seller', address: { line1: 'Street 1', country: 'DE' } };

let suite: Suite;
let stored: Map<string, StoredFile>;
beforeAll(async () => {
  suite = await openSuite('default_seller');
});
afterAll(() => suite.close());
beforeEach(() => {
  stored = new Map();
});

const files: FileStore = {
  get: async (key) => stored.get(key) ?? null,
  putIfAbsent: async (key, file) => {
    if (stored.has(key)) return false;
    stored.set(key, file);
    return true;
  },
  list: async () => [...stored.keys()],
  delete: async (keys) => {
    for (const key of keys) stored.delete(key);
  },
};

/** With a connection of its own, so that concurrent calls are concurrent in Postgres too. */
const ctx = (): Ctx => {
  const shared = suite.ctx('2026-11-21T10:00:00Z', { files });
  return { ...shared, ledger: shared.openLedger() };
};

const defaults = async (): Promise<string[]> => {
  const { rows } = await suite.owner.query('SELECT id FROM billing_entities WHERE is_default');
  return rows.map((row) => row.id);
};
const auditRows = async (): Promise<number> => {
  const { rows } = await suite.owner.query('SELECT count(*)::int AS n FROM audit_logs');
  return rows[0].n;
};

describe('the default seller', () => {
  test('moves to a new one, and back by a change', async () => {
    expect(await defaults()).toEqual([FIRST]);
    const next = await createBillingEntity(ctx(), { ...NAMED, is_default: true });
    expect(await defaults()).toEqual([next.id]);
    const back = await updateBillingEntity(ctx(), { id: FIRST, is_default: true });
    expect(back.is_default).toBe(true);
    expect(await defaults()).toEqual([FIRST]);
  });

  test('cannot be given up, only taken', async () => {
    const before = await auditRows();
    const giveUp = updateBillingEntity(ctx(), { id: FIRST, is_default: false });
    await expect(giveUp).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/is_default', code: 'not_allowed' }],
    });
    expect(await defaults()).toEqual([FIRST]);
    expect(await auditRows()).toBe(before);
    const other = await createBillingEntity(ctx(), { ...NAMED, is_default: false });
    expect((await updateBillingEntity(ctx(), { id: other.id, is_default: false })).is_default).toBe(false);
  });

  test('is one also when many take it at once', async () => {
    const made = await Promise.all([1, 2, 3].map(() => createBillingEntity(ctx(), NAMED)));
    const before = await auditRows();
    await Promise.all([
      ...made.map(({ id }) => updateBillingEntity(ctx(), { id, is_default: true })),
      ...[1, 2, 3].map(() => createBillingEntity(ctx(), { ...NAMED, is_default: true })),
      updateBillingEntity(ctx(), { id: FIRST, legal_name: 'Renamed' }),
    ]);
    expect(await defaults()).toHaveLength(1);
    expect(await auditRows()).toBe(before + 7);
  });
});

describe('the file of a logo', () => {
  const PNG = samplePng(4, 3, [1, 2, 3]);
  const dataUrl = (bytes: Uint8Array): string =>
    `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
  const logo = dataUrl(PNG);

  test('lies under its hash with its bytes, once for all who have it', async () => {
    const a = await createBillingEntity(ctx(), { ...NAMED, logo });
    const b = await createBillingEntity(ctx(), { ...NAMED, logo });
    expect(a.logo_sha256).toBe(b.logo_sha256);
    expect([...stored.keys()]).toEqual([`logos/${a.logo_sha256}`]);
    const [file] = stored.values();
    expect(file?.media_type).toBe('image/png');
    expect(Buffer.from(file?.bytes ?? [])).toEqual(Buffer.from(PNG));
  });

  test('of exactly 200 KiB is taken, of one byte more refused', async () => {
    const zeros = (bytes: number): string => dataUrl(Buffer.concat([PNG, Buffer.alloc(bytes - PNG.length)]));
    await createBillingEntity(ctx(), { ...NAMED, logo: zeros(200 * 1024) });
    expect(stored.size).toBe(1);
    await expect(createBillingEntity(ctx(), { ...NAMED, logo: zeros(200 * 1024 + 1) })).rejects.toMatchObject(
      {
        errors: [{ pointer: '/logo', code: 'too_long' }],
      },
    );
    expect(stored.size).toBe(1);
  });

  test('is not stored for a change that is refused', async () => {
    const { id } = await createBillingEntity(ctx(), NAMED);
    const stale = () => {
      throw new Error('changed since');
    };
    await expect(updateBillingEntity(ctx(), { id, logo }, stale)).rejects.toThrow('changed since');
    await expect(updateBillingEntity(ctx(), { id, logo, series: 'CN' })).rejects.toThrow();
    const unknown = '0198f000-0000-7000-8000-00000000dead';
    await expect(updateBillingEntity(ctx(), { id: unknown, logo })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(stored.size).toBe(0);
  });
});
