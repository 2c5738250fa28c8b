/** The SQL of stored keys. Platform reach only: a key belongs to its caller, not to a tenant. */
import { columns, insertOf, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { KeptKey, KeyOwner } from './key.ts';

export interface NewKey extends KeyOwner {
  readonly fingerprint: string;
  readonly locked_until: string;
  readonly created_at: string;
}

/** False if the key already exists; waits for another transaction that is inserting it. */
export async function insertKey(tx: LedgerTransaction, row: NewKey): Promise<boolean> {
  const { text, values } = insertOf('idempotency_keys', row);
  return (await tx.execute(`${text} ON CONFLICT (actor, key) DO NOTHING`, values)) === 1;
}

const KEPT = columns('idempotency_keys', [
  'actor',
  'key',
  'fingerprint',
  'locked_until',
  'status',
  'body',
  'created_at',
]);

export async function findKey(tx: LedgerTransaction, { actor, key }: KeyOwner): Promise<KeptKey | null> {
  const [row] = await tx.query<RowOf<typeof KEPT>>(
    `SELECT ${KEPT} FROM idempotency_keys WHERE actor = $1 AND key = $2`,
    [actor, key],
  );
  return row ?? null;
}

/**
 * Replaces a key that is abandoned or expired. Only one of several concurrent attempts succeeds: it changes
 * the values that the others match on.
 */
export async function retakeKey(tx: LedgerTransaction, row: NewKey, expiredBefore: string): Promise<boolean> {
  const { actor, key, ...taken } = row;
  const emptied = { ...taken, status: null, body: null };
  const { text, values, bind } = updateOf('idempotency_keys', emptied, { actor, key });
  const isFree = `(status IS NULL AND locked_until < ${bind(row.created_at)}) OR created_at <= ${bind(expiredBefore)}`;
  return (await tx.execute(`${text} AND (${isFree})`, values)) === 1;
}

/**
 * `lockedUntil` is the lock that the request took: if another has taken over, the key no longer belongs to
 * this one.
 */
export async function storeAnswer(
  tx: LedgerTransaction,
  { actor, key }: KeyOwner,
  lockedUntil: string,
  answer: { readonly status: number; readonly body: string },
): Promise<void> {
  const { status, body } = answer;
  const { text, values } = updateOf(
    'idempotency_keys',
    { status, body, locked_until: null },
    { actor, key, locked_until: lockedUntil },
  );
  await tx.execute(text, values);
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
