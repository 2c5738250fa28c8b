/** The SQL of the pages of issued documents. */
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { DocumentKind, DocumentModel } from '../document-model.ts';

export interface IssuedDocument {
  readonly model: Row<'documents'>['model'] & DocumentModel;
  readonly has_pdf: boolean;
  /** Set for invoices. */
  readonly status: (Row<'invoices'>['status'] & ('finalized' | 'paid' | 'refunded' | 'cancelled')) | null;
  /** Set for invoices; null once the invoice is cancelled. */
  readonly amount_due: string | null;
}

const STATEMENTS: Readonly<Record<DocumentKind, string>> = {
  invoice: `SELECT d.model, i.pdf_sha256 IS NOT NULL AS has_pdf, i.status, b.amount_due
    FROM documents d JOIN invoices i ON i.organisation_id = d.organisation_id AND i.id = d.subject_id
    JOIN invoice_balances b ON b.organisation_id = i.organisation_id AND b.invoice_id = i.id
    WHERE d.organisation_id = $1 AND d.subject_id = $2 AND d.kind = 'invoice'`,
  credit_note: `SELECT d.model, c.pdf_sha256 IS NOT NULL AS has_pdf, NULL AS status, NULL AS amount_due
    FROM documents d JOIN credit_notes c ON c.organisation_id = d.organisation_id AND c.id = d.subject_id
    WHERE d.organisation_id = $1 AND d.subject_id = $2 AND d.kind = 'credit_note'`,
};

/** Null if it was not issued, or was issued before documents were stored. */
export async function findIssuedDocument(
  tx: LedgerTransaction,
  organisationId: string,
  kind: DocumentKind,
  subjectId: string,
): Promise<IssuedDocument | null> {
  const [row] = await tx.query<IssuedDocument>(STATEMENTS[kind], [organisationId, subjectId]);
  return row ?? null;
}
