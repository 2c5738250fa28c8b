import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { D1Database } from '@cloudflare/workers-types';
import { readTableOfD1 } from '../d1-file.ts';
import { HOT_MIGRATIONS } from '../paths.ts';
import { type MigrationFile, migrationMismatch, readHotMigrations, statementsOf } from './migration-files.ts';

/** Wrangler's own table and format, so that `wrangler d1 migrations apply` continues from here. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

export interface HotMigrationOptions {
  readonly databases: ReadonlyMap<string, D1Database>;
  /** Wrangler's table has no hash, so the hashes of applied files are stored here, to detect later edits. */
  readonly hashFile: string;
  readonly folder?: string;
}

const APPLIED = 'SELECT name FROM d1_migrations ORDER BY id';

export interface HotState {
  readonly databaseIds: Iterable<string>;
  /** Where Miniflare keeps its stores. */
  readonly workersFolder: string;
  readonly hashFile: string;
  readonly folder?: string;
}

/**
 * Whether every D1 database is known to have all migrations, by one query on its file while no workerd runs:
 * the same query through workerd takes half a second. False also if the file cannot be read; `migrateHot`
 * then queries the database.
 */
export function isHotMigrated({
  databaseIds,
  workersFolder,
  hashFile,
  folder = HOT_MIGRATIONS,
}: HotState): boolean {
  const files = readHotMigrations(folder);
  const known = readHashes(hashFile);
  return [...databaseIds].every((id) => {
    const applied = readTableOfD1<{ name: string }>(workersFolder, id, APPLIED)?.map((row) => row.name);
    return applied?.length === files.length && areKnown(applied, files, known[id] ?? {});
  });
}

/** Brings every D1 database up to this checkout. Returns how many migrations it applied. */
export async function migrateHot({
  databases,
  hashFile,
  folder = HOT_MIGRATIONS,
}: HotMigrationOptions): Promise<number> {
  const files = readHotMigrations(folder);
  if (files.length === 0) return 0;
  const known = readHashes(hashFile);
  const counts = await Promise.all(
    [...databases].map(([id, database]) => migrateOne(id, database, files, known)),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > 0) writeFileSync(hashFile, `${JSON.stringify(known, null, 2)}\n`);
  return total;
}

type Hashes = Record<string, Record<string, string>>;

function readHashes(hashFile: string): Hashes {
  return existsSync(hashFile) ? (JSON.parse(readFileSync(hashFile, 'utf8')) as Hashes) : {};
}

async function migrateOne(
  id: string,
  database: D1Database,
  files: readonly MigrationFile[],
  known: Hashes,
): Promise<number> {
  const applied = await readApplied(database);
  const hashes = known[id] ?? {};
  known[id] = hashes;
  if (!areKnown(applied, files, hashes)) throw migrationMismatch(`D1 database ${id}`);
  for (const file of files.slice(applied.length)) {
    await database.batch([
      ...statementsOf(file).map((statement) => database.prepare(statement)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(file.name),
    ]);
    hashes[file.name] = file.hash;
  }
  return files.length - applied.length;
}

const areKnown = (
  applied: readonly string[],
  files: readonly MigrationFile[],
  hashes: Readonly<Record<string, string>>,
): boolean =>
  applied.every((name, index) => {
    const file = files[index];
    return file?.name === name && (hashes[name] === undefined || hashes[name] === file.hash);
  });

async function readApplied(database: D1Database): Promise<string[]> {
  const read = () => database.prepare(APPLIED).all<{ name: string }>();
  try {
    return (await read()).results.map((row) => row.name);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('no such table'))) throw error;
    await database.prepare(CREATE_TABLE).run();
    return [];
  }
}
