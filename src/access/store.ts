/** The SQL of admin users and their keys. Platform reach only. */
import { insertOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { NewRow, Row } from '../db/rows.ts';

export interface AdminKey
  extends Readonly<Pick<Row<'admin_api_keys'>, 'user_id'>>,
    Readonly<Pick<Row<'admin_users'>, 'role'>> {
  readonly key_id: Row<'admin_api_keys'>['id'];
}

export async function findAdminKey(
  tx: LedgerTransaction,
  keyHash: string,
  now: string,
): Promise<AdminKey | null> {
  const [row] = await tx.query<AdminKey>(
    `SELECT k.id AS key_id, k.user_id, u.role FROM admin_api_keys k JOIN admin_users u ON u.id = k.user_id
     WHERE k.key_hash = $1 AND k.is_active AND (k.expires_at IS NULL OR k.expires_at > $2)`,
    [keyHash, now],
  );
  return row ?? null;
}

/** Written at most once in five minutes per key. */
export async function touchAdminKey(tx: LedgerTransaction, keyId: string, now: string): Promise<void> {
  await tx.execute(
    `UPDATE admin_api_keys SET last_used_at = $2
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '5 minutes')`,
    [keyId, now],
  );
}

export interface ProjectKey extends Readonly<Pick<Row<'api_keys'>, 'organisation_id' | 'project_id'>> {
  readonly key_id: Row<'api_keys'>['id'];
}

export async function findProjectKey(
  tx: LedgerTransaction,
  keyHash: string,
  now: string,
): Promise<ProjectKey | null> {
  const [row] = await tx.query<ProjectKey>(
    `SELECT k.id AS key_id, k.organisation_id, k.project_id FROM api_keys k
     JOIN projects p ON p.organisation_id = k.organisation_id AND p.id = k.project_id
     JOIN organisations o ON o.id = k.organisation_id
     WHERE k.key_hash = $1 AND k.is_active AND p.is_active AND o.is_active
       AND (k.expires_at IS NULL OR k.expires_at > $2)`,
    [keyHash, now],
  );
  return row ?? null;
}

/** The lock makes two simultaneous bootstraps create only one admin. */
export async function hasAdminLocked(tx: LedgerTransaction): Promise<boolean> {
  await tx.execute('SELECT 1 FROM billing_entities WHERE is_default FOR UPDATE');
  const rows = await tx.query('SELECT 1 FROM admin_users LIMIT 1');
  return rows.length > 0;
}

export async function insertAdmin(
  tx: LedgerTransaction,
  user: Pick<NewRow<'admin_users'>, 'id' | 'email' | 'role'>,
): Promise<void> {
  const { text, values } = insertOf('admin_users', { ...user, permissions: {} });
  await tx.execute(text, values);
}

export type NewAdminKey = Pick<
  Row<'admin_api_keys'>,
  'id' | 'user_id' | 'key_hash' | 'prefix' | 'name' | 'expires_at'
>;

export async function insertAdminKey(tx: LedgerTransaction, key: NewAdminKey): Promise<void> {
  const { text, values } = insertOf('admin_api_keys', key);
  await tx.execute(text, values);
}

export async function findFirstAdminId(tx: LedgerTransaction): Promise<string | null> {
  const [row] = await tx.query<Pick<Row<'admin_users'>, 'id'>>(
    'SELECT id FROM admin_users ORDER BY created_at, id LIMIT 1',
  );
  return row?.id ?? null;
}
