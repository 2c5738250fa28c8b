import { formatInstant } from '../core/time.ts';
import { type Ledger, PLATFORM } from '../db/ledger.ts';
import { createKey } from './key.ts';
import { recordAdminKey } from './record-admin-key.ts';
import { findFirstAdminId } from './store.ts';

/**
 * Creates another key of the first admin, for tools on the machine that owns the state. Throws if there is no
 * admin.
 */
export async function createAdminKey(
  ledger: Ledger,
  input: { readonly name: string; readonly now: number; readonly expiresAt: number },
): Promise<string> {
  const { key, key_hash, prefix } = createKey('admin');
  await ledger.transaction(PLATFORM, async (tx) => {
    const user_id = await findFirstAdminId(tx);
    if (user_id === null) throw new Error('there is no admin yet');
    const { name, now, expiresAt } = input;
    const expires_at = formatInstant(expiresAt);
    await recordAdminKey(tx, { now, job: name }, { user_id, key_hash, prefix, name, expires_at });
  });
  return key;
}
