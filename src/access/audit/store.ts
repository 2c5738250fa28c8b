/** The SQL of the audit chains. */
import type { LedgerTransaction } from '../../db/ledger.ts';

export interface AuditRow {
  readonly organisation_id: string;
  readonly seq: number;
  readonly id: string;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly action: string;
  readonly user_id: string | null;
  readonly actor: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly request_id: string;
  readonly created_at: string;
  readonly prev_hash: string;
  readonly row_hash: string;
}

/** Takes the next place in the chain: the head's row lock orders those who write to it. */
export async function takeAuditSeq(
  tx: LedgerTransaction,
  organisationId: string,
): Promise<{ seq: number; prev_hash: string }> {
  const [row] = await tx.query<{ seq: number; prev_hash: string }>(
    `INSERT INTO audit_chains (organisation_id, last_seq, last_hash) VALUES ($1, 1, '')
     ON CONFLICT (organisation_id) DO UPDATE SET last_seq = audit_chains.last_seq + 1
     RETURNING last_seq AS seq, last_hash AS prev_hash`,
    [organisationId],
  );
  if (!row) throw new Error('the audit chain gave no place');
  return row;
}

export async function insertAuditRow(tx: LedgerTransaction, row: AuditRow): Promise<void> {
  await tx.execute(
    `WITH head AS (UPDATE audit_chains SET last_hash = $15 WHERE organisation_id = $1)
     INSERT INTO audit_logs (organisation_id, seq, id, entity_type, entity_id, action, user_id, actor, changes, ip_address,
       user_agent, request_id, created_at, prev_hash, row_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, $13, $14, $15)`,
    [
      row.organisation_id,
      row.seq,
      row.id,
      row.entity_type,
      row.entity_id,
      row.action,
      row.user_id,
      row.actor,
      JSON.stringify(row.changes),
      row.ip_address,
      row.user_agent,
      row.request_id,
      row.created_at,
      row.prev_hash,
      row.row_hash,
    ],
  );
}
