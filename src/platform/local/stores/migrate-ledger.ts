import type pg from 'pg';
import { LEDGER_MIGRATIONS } from '../paths.ts';
import { migrationMismatch, readLedgerMigrations, type TimedMigrationFile } from './migration-files.ts';

// Serialises simultaneous starts on one database; the number only has to be the same in all of them.
const MIGRATION_LOCK = 7_306_815;

// The table and format of drizzle's own migrator, which created it in ledgers of earlier versions.
const CREATE_TABLE = `CREATE SCHEMA IF NOT EXISTS drizzle;
  CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)`;

/**
 * Brings the ledger up to this checkout, as its owner, in one transaction. Returns how many migrations it
 * applied. If all are applied already, it takes one query. `meanwhile` is called while Postgres applies the
 * pending ones.
 */
export async function migrateLedger(
  owner: pg.Client,
  folder = LEDGER_MIGRATIONS,
  meanwhile: () => void = () => {},
): Promise<number> {
  const files = readLedgerMigrations(folder);
  if (files.length === 0) return 0;
  if (pendingOf(files, await readApplied(owner)).length === 0) return 0;
  await owner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    const pending = pendingOf(files, await readApplied(owner));
    if (pending.length > 0) await apply(owner, pending, meanwhile);
    return pending.length;
  } finally {
    await owner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  }
}

/** One round trip for all: a text of several statements. */
async function apply(
  owner: pg.Client,
  pending: readonly TimedMigrationFile[],
  meanwhile: () => void,
): Promise<void> {
  // Hash and time are hex digits and a number, safe to write out.
  const steps = pending.map(
    ({ text, hash, when }) =>
      `${text}\n;INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('${hash}', ${when})`,
  );
  try {
    const applied = owner.query(['BEGIN', CREATE_TABLE, ...steps, 'COMMIT'].join(';\n'));
    meanwhile();
    await applied;
  } catch (error) {
    await owner.query('ROLLBACK');
    throw error;
  }
}

/** Postgres's codes for a missing table and a missing schema. */
const NOT_THERE: readonly unknown[] = ['42P01', '3F000'];

async function readApplied(owner: pg.Client): Promise<string[]> {
  try {
    const { rows } = await owner.query<{ hash: string }>(
      'SELECT hash FROM drizzle.__drizzle_migrations ORDER BY id',
    );
    return rows.map((row) => row.hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_THERE.includes(error.code)) return [];
    throw error;
  }
}

function pendingOf(
  files: readonly TimedMigrationFile[],
  applied: readonly string[],
): readonly TimedMigrationFile[] {
  const isPrefix = applied.every((hash, index) => files[index]?.hash === hash);
  if (!isPrefix) throw migrationMismatch('Postgres database');
  return files.slice(applied.length);
}
