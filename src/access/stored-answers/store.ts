/** The SQL of kept keys. Platform reach only: a key belongs to who sent it, not to a tenant. */
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { KeptKey, KeyOwner } from './key.ts';

export interface NewKey extends KeyOwner {
  readonly fingerprint: string;
  readonly locked_until: string;
  readonly created_at: string;
}

/** False where the key is there already; waits for another transaction that is inserting it. */
export async function insertKey(tx: LedgerTransaction, row: NewKey): Promise<boolean> {
  const inserted = await tx.execute(
    `INSERT INTO idempotency_keys (actor, key, fingerprint, locked_until, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (actor, key) DO NOTHING`,
    [row.actor, row.key, row.fingerprint, row.locked_until, row.created_at],
  );
  return inserted === 1;
}

export async function findKey(tx: LedgerTransaction, { actor, key }: KeyOwner): Promise<KeptKey | null> {
  const [row] = await tx.query<KeptKey>(
    `SELECT actor, key, fingerprint, locked_until, status, body, created_at
     FROM idempotency_keys WHERE actor = $1 AND key = $2`,
    [actor, key],
  );
  return row ?? null;
}

/** In place of a key that is abandoned or expired. Of several that try, one succeeds: it moves what the others look for. */
export async function retakeKey(tx: LedgerTransaction, row: NewKey, expiredBefore: string): Promise<boolean> {
  const taken = await tx.execute(
    `UPDATE idempotency_keys SET fingerprint = $3, locked_until = $4, created_at = $5, status = NULL, body = NULL
     WHERE actor = $1 AND key = $2 AND ((status IS NULL AND locked_until < $5) OR created_at <= $6)`,
    [row.actor, row.key, row.fingerprint, row.locked_until, row.created_at, expiredBefore],
  );
  return taken === 1;
}

/** `lockedUntil` is the lock that the request took: where another has taken over, the key is no longer its own. */
export async function storeAnswer(
  tx: LedgerTransaction,
  { actor, key }: KeyOwner,
  lockedUntil: string,
  answer: { readonly status: number; readonly body: string },
): Promise<void> {
  await tx.execute(
    `UPDATE idempotency_keys SET status = $4, body = $5, locked_until = NULL
     WHERE actor = $1 AND key = $2 AND locked_until = $3`,
    [actor, key, lockedUntil, answer.status, answer.body],
  );
}

export async function deleteKey(
  tx: LedgerTransaction,
  { actor, key }: KeyOwner,
  lockedUntil: string,
): Promise<void> {
  await tx.execute('DELETE FROM idempotency_keys WHERE actor = $1 AND key = $2 AND locked_until = $3', [
    actor,
    key,
    lockedUntil,
  ]);
}

export const deleteKeysBefore = (tx: LedgerTransaction, createdBefore: string): Promise<number> =>
  tx.execute('DELETE FROM idempotency_keys WHERE created_at <= $1', [createdBefore]);
