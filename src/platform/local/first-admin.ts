import type pg from 'pg';
import { refusal } from './refusal.ts';

const KEY_LENGTH_MIN = 24;

export function assertBootstrapKey(key: string | undefined): void {
  if (key === undefined || key.length >= KEY_LENGTH_MIN) return;
  throw refusal(`BOOTSTRAP_ADMIN_KEY has ${key.length} characters; it needs at least ${KEY_LENGTH_MIN}.`);
}

export async function hasAdmin(owner: pg.Client): Promise<boolean> {
  const { rows } = await owner.query('SELECT FROM admin_users LIMIT 1');
  return rows.length > 0;
}

/** Loads the code that creates the first admin. Loading takes half a second, and only the first start needs it. */
export async function loadBootstrap() {
  const [{ bootstrapAdmin }, { openLedger }] = await Promise.all([
    import('../../access/bootstrap-admin.ts'),
    import('../../db/ledger.ts'),
  ]);
  return { bootstrapAdmin, openLedger };
}

/** The first admin's key if this call created it, null if an admin exists. */
export async function createFirstAdmin(appUrl: string, key: string | undefined): Promise<string | null> {
  const { bootstrapAdmin, openLedger } = await loadBootstrap();
  const ledger = openLedger(appUrl);
  try {
    return await bootstrapAdmin(ledger, { now: Date.now(), ...(key !== undefined && { key }) });
  } finally {
    await ledger.close();
  }
}
