import { uuidv7 } from '../core/id.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { appendAudit, PLATFORM_CHAIN } from './audit/append-audit.ts';
import { insertAdminKey, type NewAdminKey } from './store.ts';

/** Records a key created on the machine itself, by whoever may start it (`job`), with its audit row. */
export async function recordAdminKey(
  tx: LedgerTransaction,
  { now, job }: { readonly now: number; readonly job: string },
  key: Omit<NewAdminKey, 'id'>,
): Promise<void> {
  const id = uuidv7(now);
  await insertAdminKey(tx, { id, ...key });
  const { user_id, name, prefix, expires_at } = key;
  const audit = {
    now,
    requestId: uuidv7(now),
    actor: { kind: 'system', job } as const,
    ipAddress: null,
    userAgent: null,
  };
  await appendAudit(tx, audit, {
    organisation_id: PLATFORM_CHAIN,
    entity_type: 'admin_api_key',
    entity_id: id,
    action: 'admin_api_key.create',
    changes: { user_id, name, prefix, expires_at },
  });
}
