import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatePaths } from './paths.ts';
import { refusal } from './refusal.ts';

// The last owner may be about to stop.
const PATIENCE_MS = 1_000;

/**
 * One owner per state. The lock is SQLite's own lock on a file, which the kernel releases with its holder:
 * nothing is left to clean up after a kill -9, and of two simultaneous starts only one wins.
 */
export function takeLock(paths: StatePaths): () => void {
  const database = new DatabaseSync(paths.lock, { timeout: PATIENCE_MS });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw lockFailure(paths, error);
    const owner = readOwner(paths);
    throw refusal(
      `The state folder ${paths.root} is in use${owner ? ` by process ${owner}` : ''}: stop it, or set STATE_DIR to another folder.`,
    );
  }
  writeFileSync(paths.owner, String(process.pid));
  return () => database.close();
}

const isBusy = (error: unknown): boolean => error instanceof Error && error.message.includes('locked');

function lockFailure(paths: StatePaths, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return refusal(
    `The lock ${paths.lock} cannot be acquired (${reason}). Set STATE_DIR to a folder on a local disk.`,
  );
}

function readOwner(paths: StatePaths): string {
  try {
    return readFileSync(paths.owner, 'utf8').trim();
  } catch {
    return '';
  }
}
