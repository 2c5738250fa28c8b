import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger } from '../../db/ledger.ts';
import { openLedger } from '../../db/ledger.ts';
import { REPOSITORY } from './paths.ts';
import { refusal } from './refusal.ts';

const KEY_LENGTH_MIN = 24;

export function assertBootstrapKey(key: string | undefined): void {
  if (key === undefined || key.length >= KEY_LENGTH_MIN) return;
  throw refusal(`BOOTSTRAP_ADMIN_KEY has ${key.length} characters: it needs at least ${KEY_LENGTH_MIN}.`);
}

interface BootstrapAdmin {
  bootstrapAdmin(ledger: Ledger, input: { key?: string; now: number }): Promise<string | null>;
}

/** The first admin's key if this call created it, null where an admin exists. */
export async function createFirstAdmin(appUrl: string, key: string | undefined): Promise<string | null> {
  const verb = join(REPOSITORY, 'src/access/bootstrap-admin.ts');
  if (!existsSync(verb)) return null;
  const { bootstrapAdmin } = (await import(verb)) as BootstrapAdmin;
  const ledger = openLedger(appUrl);
  try {
    return await bootstrapAdmin(ledger, { now: Date.now(), ...(key !== undefined && { key }) });
  } finally {
    await ledger.close();
  }
}
