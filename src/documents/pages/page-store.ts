/** The SQL of the pages of issued documents. */
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { DocumentKind, DocumentModel } from '../document-model.ts';

export interface IssuedDocument {
  readonly model: Row<'documents'>['model'] & DocumentModel;
  readonly has_pdf: boolean;
  /** Of an invoice. */
  readonly status: (Row<'invoices'>['status'] & ('finalized' | 'paid' | 'refunded' | 'cancelled')) | null;
  /** Of an invoice: total − credited − paid. */
  readonly amount_due: string | null;
}

/** What is left to pay of the invoice `i`: its total less issued credit notes less the captured payments applied to it. */
export const AMOUNT_DUE = `(i.total
  - (SELECT coalesce(sum(n.total), 0) FROM credit_notes n
     WHERE n.organisation_id = i.organisation_id AND n.invoice_id = i.id AND n.status = 'issued')
  - (SELECT coalesce(sum(p.applied_amount), 0) FROM payments p
     WHERE p.organisation_id = i.organisation_id AND p.invoice_id = i.id AND p.status = 'captured'))`;

const STATEMENTS: Readonly<Record<DocumentKind, string>> = {
  invoice: `SELECT d.model, i.pdf_sha256 IS NOT NULL AS has_pdf, i.status,
      ${AMOUNT_DUE} AS amount_due
    FROM documents d JOIN invoices i ON i.organisation_id = d.organisation_id AND i.id = d.subject_id
    WHERE d.organisation_id = $1 AND d.subject_id = $2 AND d.kind = 'invoice'`,
  credit_note: `SELECT d.model, c.pdf_sha256 IS NOT NULL AS has_pdf, NULL AS status, NULL AS amount_due
    FROM documents d JOIN credit_notes c ON c.organisation_id = d.organisation_id AND c.id = d.subject_id
    WHERE d.organisation_id = $1 AND d.subject_id = $2 AND d.kind = 'credit_note'`,
};

/** Null where it was not issued, or before documents were kept. */
export async function findIssuedDocument(
  tx: LedgerTransaction,
  organisationId: string,
  kind: DocumentKind,
  subjectId: string,
): Promise<IssuedDocument | null> {
  const [row] = await tx.query<IssuedDocument>(STATEMENTS[kind], [organisationId, subjectId]);
  return row ?? null;
}
