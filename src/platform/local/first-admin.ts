import { bootstrapAdmin } from '../../access/bootstrap-admin.ts';
import { openLedger } from '../../db/ledger.ts';
import { refusal } from './refusal.ts';

const KEY_LENGTH_MIN = 24;

export function assertBootstrapKey(key: string | undefined): void {
  if (key === undefined || key.length >= KEY_LENGTH_MIN) return;
  throw refusal(`BOOTSTRAP_ADMIN_KEY has ${key.length} characters; it needs at least ${KEY_LENGTH_MIN}.`);
}

/** The first admin's key if this call created it, null where an admin exists. */
export async function createFirstAdmin(appUrl: string, key: string | undefined): Promise<string | null> {
  const ledger = openLedger(appUrl);
  try {
    return await bootstrapAdmin(ledger, { now: Date.now(), ...(key !== undefined && { key }) });
  } finally {
    await ledger.close();
  }
}
