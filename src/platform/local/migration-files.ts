import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusal } from './refusal.ts';

export interface MigrationFile {
  readonly name: string;
  readonly hash: string;
  readonly statements: readonly string[];
}

/** The folder's migrations in their order; hash and split are drizzle's, so that its migrator and ours agree. */
export function readMigrationFiles(folder: string): MigrationFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return {
        name,
        hash: createHash('sha256').update(text).digest('hex'),
        statements: text.split('--> statement-breakpoint').map((statement) => statement.trim()),
      };
    });
}

export const migrationMismatch = (store: string): Error =>
  refusal(
    `The ${store} holds migrations that this checkout does not know, newer or edited. Use the version of Meterbook that created it, or a new STATE_DIR.`,
  );
