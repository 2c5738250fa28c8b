import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashText } from '../build/content-hash.ts';
import { refusal } from '../refusal.ts';

export interface MigrationFile {
  readonly name: string;
  readonly hash: string;
  readonly text: string;
}

export interface TimedMigrationFile extends MigrationFile {
  /** When it was generated, in epoch milliseconds. */
  readonly when: number;
}

interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

/** The D1 migrations of the folder, in order. */
export function readHotMigrations(folder: string): MigrationFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readMigration(folder, name));
}

/** The Postgres migrations of drizzle-kit's journal, in its order. */
export function readLedgerMigrations(folder: string): TimedMigrationFile[] {
  const path = join(folder, 'meta/_journal.json');
  if (!existsSync(path)) return [];
  const { entries } = JSON.parse(readFileSync(path, 'utf8')) as Journal;
  return entries.map(({ tag, when }) => ({ ...readMigration(folder, `${tag}.sql`), when }));
}

function readMigration(folder: string, name: string): MigrationFile {
  const text = readFileSync(join(folder, name), 'utf8');
  return { name, hash: hashText(text), text };
}

/** One by one, for a store that does not accept several statements in one text. */
export const statementsOf = ({ text }: MigrationFile): string[] =>
  text
    .split('--> statement-breakpoint')
    .map((statement) => statement.trim())
    .filter(Boolean);

export const migrationMismatch = (store: string): Error =>
  refusal(
    `The ${store} holds migrations that this checkout does not know, newer or edited. Use the version of Meterbook that created it, or a new STATE_DIR.`,
  );
