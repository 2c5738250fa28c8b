/** The SQL of the audit chains. */
import { insertOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';

export interface AuditRow extends Readonly<Omit<Row<'audit_logs'>, 'changes'>> {
  readonly changes: Readonly<Record<string, unknown>>;
}

/** Takes the next number in the chain: the lock on the head's row serialises its writers. */
export async function takeAuditSeq(
  tx: LedgerTransaction,
  organisationId: string,
): Promise<{ seq: number; prev_hash: string }> {
  const [row] = await tx.query<{
    seq: Row<'audit_chains'>['last_seq'];
    prev_hash: Row<'audit_chains'>['last_hash'];
  }>(
    `INSERT INTO audit_chains (organisation_id, last_seq, last_hash) VALUES ($1, 1, '')
     ON CONFLICT (organisation_id) DO UPDATE SET last_seq = audit_chains.last_seq + 1
     RETURNING last_seq AS seq, last_hash AS prev_hash`,
    [organisationId],
  );
  if (!row) throw new Error('the audit chain gave no place');
  return row;
}

export async function insertAuditRow(tx: LedgerTransaction, row: AuditRow): Promise<void> {
  const { text, values, bind } = insertOf('audit_logs', row);
  const head = `UPDATE audit_chains SET last_hash = ${bind(row.row_hash)} WHERE organisation_id = ${bind(row.organisation_id)}`;
  await tx.execute(`WITH head AS (${head}) ${text}`, values);
}
