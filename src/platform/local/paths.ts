import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { refusal } from './refusal.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');
export const WRANGLER_TOML = join(REPOSITORY, 'wrangler.toml');
export const LEDGER_MIGRATIONS = join(REPOSITORY, 'migrations/postgres');
export const HOT_MIGRATIONS = join(REPOSITORY, 'migrations/d1');
export const REPOSITORY_CACHE = join(REPOSITORY, 'node_modules/.cache/meterbook');

/** The location of all data of one installation: STATE_DIR and its contents. */
export interface StatePaths {
  readonly root: string;
  readonly lock: string;
  readonly owner: string;
  readonly postgres: string;
  readonly postgresLog: string;
  /** `wrangler d1 --persist-to STATE_DIR` looks in `v3`. */
  readonly workers: string;
  readonly hotMigrations: string;
  /** E-mails as files, in place of a provider. */
  readonly mailbox: string;
  readonly scratch: string;
  readonly cache: string;
}

/** Creates the folder if it is missing; fails if it is not writable. */
export function openState(stateDir: string): StatePaths {
  const wanted = resolve(stateDir);
  try {
    mkdirSync(wanted, { recursive: true });
    const root = realpathSync(wanted);
    const probe = join(root, `.writable-${process.pid}`);
    writeFileSync(probe, 'x');
    rmSync(probe);
    return statePaths(root);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw refusal(`The state folder ${wanted} cannot be written (${code}). Set STATE_DIR to another folder.`);
  }
}

function statePaths(root: string): StatePaths {
  return {
    root,
    lock: join(root, 'lock.db'),
    owner: join(root, 'owner.pid'),
    postgres: join(root, 'postgres'),
    postgresLog: join(root, 'postgres.log'),
    workers: join(root, 'v3'),
    hotMigrations: join(root, 'd1-migrations.json'),
    mailbox: join(root, 'mailbox'),
    scratch: join(root, 'tmp'),
    cache: join(root, 'cache'),
  };
}

/** Empties the scratch folder, including the remains of a killed run. */
export function clearScratch(paths: StatePaths): void {
  if (existsSync(paths.scratch)) rmSync(paths.scratch, { recursive: true, force: true });
  mkdirSync(paths.scratch, { recursive: true });
}
