import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type pg from 'pg';
import { migrationMismatch, readMigrationFiles } from './migration-files.ts';
import { LEDGER_MIGRATIONS } from './paths.ts';

// Two starts on one database take turns; the number only has to be the same in all of them.
const MIGRATION_LOCK = 7_306_815;

/** Brings the ledger up to this checkout, as its owner. Returns how many migrations it applied. */
export async function migrateLedger(owner: pg.Client, folder = LEDGER_MIGRATIONS): Promise<number> {
  const files = readMigrationFiles(folder);
  if (files.length === 0) return 0;
  if (pendingOf(files, await readApplied(owner)) === 0) return 0;
  await owner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    const pending = pendingOf(files, await readApplied(owner));
    if (pending > 0) await migrate(drizzle(owner), { migrationsFolder: folder });
    return pending;
  } finally {
    await owner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  }
}

async function readApplied(owner: pg.Client): Promise<string[]> {
  const { rows: tables } = await owner.query<{ exists: boolean }>(
    `SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS exists`,
  );
  if (!tables[0]?.exists) return [];
  const { rows } = await owner.query<{ hash: string }>(
    'SELECT hash FROM drizzle.__drizzle_migrations ORDER BY id',
  );
  return rows.map((row) => row.hash);
}

function pendingOf(files: readonly { hash: string }[], applied: readonly string[]): number {
  const isPrefix = applied.every((hash, index) => files[index]?.hash === hash);
  if (!isPrefix) throw migrationMismatch('Postgres database');
  return files.length - applied.length;
}
