import type pg from 'pg';
import { expect, test } from 'vitest';
import { LEDGER_MIGRATIONS } from '../../src/platform/local/paths.ts';
import { migrateLedger } from '../../src/platform/local/stores/migrate-ledger.ts';
import { readLedgerMigrations } from '../../src/platform/local/stores/migration-files.ts';

const files = readLedgerMigrations(LEDGER_MIGRATIONS);

/** A ledger that has the first migrations of this checkout. */
function makeOwner(count: number): { owner: pg.Client; asked: string[] } {
  const asked: string[] = [];
  const rows = files.slice(0, count).map(({ hash }) => ({ hash }));
  const query = async (text: string) => {
    asked.push(text);
    return { rows };
  };
  // migrateLedger uses only `query` of a client.
  return { owner: { query } as unknown as pg.Client, asked };
}

test('an up-to-date ledger costs one query', async () => {
  const { owner, asked } = makeOwner(files.length);
  expect(await migrateLedger(owner)).toBe(0);
  expect(asked).toHaveLength(1);
});

test('what is missing goes in one text, in one transaction, in order, under the lock', async () => {
  const { owner, asked } = makeOwner(files.length - 2);
  let isWorking = false;
  const meanwhile = (): void => {
    isWorking = true;
  };
  expect(await migrateLedger(owner, LEDGER_MIGRATIONS, meanwhile)).toBe(2);
  expect(isWorking).toBe(true);
  const [, lock, , applied = '', unlock, ...more] = asked;
  expect([lock, unlock, more]).toEqual(['SELECT pg_advisory_lock($1)', 'SELECT pg_advisory_unlock($1)', []]);
  expect(applied.startsWith('BEGIN;')).toBe(true);
  expect(applied.endsWith('COMMIT')).toBe(true);
  const places = files.slice(-2).map(({ text }) => applied.indexOf(text));
  expect(places[0]).toBeGreaterThan(0);
  expect(places[1]).toBeGreaterThan(places[0] ?? 0);
});
