import { appendAudit, PLATFORM_CHAIN } from '../audit/append-audit.ts';
import { uuidv7 } from '../core/id.ts';
import { formatInstant } from '../core/time.ts';
import { type Ledger, PLATFORM } from '../db/ledger.ts';
import { auditContext } from './bootstrap-admin.ts';
import { createKey } from './key.ts';
import { findFirstAdminId, insertAdminKey } from './store.ts';

/** A further key of the first admin, for tools on the machine that owns the state. Throws where there is no admin. */
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
    const id = uuidv7(now);
    await insertAdminKey(tx, { id, user_id, key_hash, prefix, name, expires_at });
    await appendAudit(tx, auditContext(now, name), {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'admin_api_key',
      entity_id: id,
      action: 'admin_api_key.create',
      changes: { user_id, name, prefix, expires_at },
    });
  });
  return key;
}
