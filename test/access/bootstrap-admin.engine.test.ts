/** The first admin is created once, with the requested key, by whichever start came first. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootstrapAdmin } from '../../src/access/bootstrap-admin.ts';
import { createAdminKey } from '../../src/access/create-admin-key.ts';
import { hashKey } from '../../src/access/key.ts';
import { findAdminKey } from '../../src/access/store.ts';
import { type Ledger, openLedger, PLATFORM } from '../../src/db/ledger.ts';
import { createDatabase, type OwnDatabase } from '../setup/own-database.ts';

const NOW = Date.UTC(2026, 5, 1);
const KEY = 'a-first-key-of-24-letters';

let database: OwnDatabase;
const ledgers: Ledger[] = [];
const open = (): Ledger => {
  const ledger = openLedger(database.appUrl);
  ledgers.push(ledger);
  return ledger;
};
beforeAll(async () => {
  database = await createDatabase('bootstrap');
});
afterAll(async () => {
  for (const ledger of ledgers) await ledger.close();
  await database.close();
});

const isAdmin = async (key: string, at: number): Promise<boolean> =>
  (await open().transaction(PLATFORM, (tx) => findAdminKey(tx, hashKey(key), new Date(at).toISOString()))) !==
  null;

test('a key of 23 characters is refused, and makes nobody an admin', async () => {
  await expect(bootstrapAdmin(open(), { key: 'x'.repeat(23), now: NOW })).rejects.toMatchObject({
    code: 'invalid_request',
  });
  await expect(createAdminKey(open(), { name: 'x', now: NOW, expiresAt: NOW + 1 })).rejects.toThrow(
    'no admin yet',
  );
});

test('of ten starts at once one makes the admin; later ones change nothing', async () => {
  const made = await Promise.all(
    Array.from({ length: 10 }, () => bootstrapAdmin(open(), { key: KEY, now: NOW })),
  );
  expect(made.filter((key) => key !== null)).toEqual([KEY]);
  expect(await bootstrapAdmin(open(), { now: NOW })).toBeNull();
  const { rows } = await database.owner.query('SELECT key_hash, prefix FROM admin_api_keys');
  expect(rows).toEqual([{ key_hash: hashKey(KEY), prefix: 'a-fi' }]);
  expect(await isAdmin(KEY, NOW)).toBe(true);
  expect(await isAdmin('x'.repeat(24), NOW)).toBe(false);
});

test('a further key works until its expiry', async () => {
  const key = await createAdminKey(open(), { name: 'tool', now: NOW, expiresAt: NOW + 1000 });
  expect(key).toMatch(/^mb_admin_[0-9A-Za-z]{36}$/);
  expect([await isAdmin(key, NOW + 999), await isAdmin(key, NOW + 1000)]).toEqual([true, false]);
});
