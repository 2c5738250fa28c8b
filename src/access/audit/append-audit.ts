/** Law 11: each change has an audit row in its own transaction, chained by hash per organisation. */
import { actorName } from '../../core/actor.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { uuidv7 } from '../../core/id.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { insertAuditRow, takeAuditSeq } from './store.ts';

/**
 * The chain for changes that belong to no organisation: global prices, shards, jobs. Write to it with
 * platform reach.
 */
export const PLATFORM_CHAIN = '00000000-0000-0000-0000-000000000000';

export interface AuditEntry {
  /** The organisation that changed, or PLATFORM_CHAIN. */
  readonly organisation_id: string;
  readonly entity_type: string;
  readonly entity_id: string;
  /** The action, e.g. `invoice.finalize`. */
  readonly action: string;
  /** The new values by field; never a secret. */
  readonly changes: Readonly<Record<string, unknown>>;
}

type AuditCtx = Pick<Ctx, 'now' | 'requestId' | 'actor' | 'ipAddress' | 'userAgent'>;

export async function appendAudit(tx: LedgerTransaction, ctx: AuditCtx, entry: AuditEntry): Promise<void> {
  const { seq, prev_hash } = await takeAuditSeq(tx, entry.organisation_id);
  const row = {
    ...entry,
    // The stored form, which is also the form that is read back, so that the hash can be recomputed.
    changes: JSON.parse(JSON.stringify(entry.changes)) as Record<string, unknown>,
    seq,
    id: uuidv7(ctx.now),
    user_id: ctx.actor.kind === 'admin' ? ctx.actor.user_id : null,
    actor: actorName(ctx.actor),
    ip_address: ctx.ipAddress,
    user_agent: ctx.userAgent,
    request_id: ctx.requestId,
    created_at: formatInstant(ctx.now),
  };
  await insertAuditRow(tx, { ...row, prev_hash, row_hash: sha256Hex(prev_hash + canonicalJson(row)) });
}
