/** The SQL of frozen documents and of the PDFs that their invoices and credit notes name. */
import type { LedgerTransaction } from '../db/ledger.ts';
import type { DocumentKind, DocumentModel } from './document-model.ts';

export interface NewDocument {
  readonly organisation_id: string;
  readonly id: string;
  readonly kind: DocumentKind;
  /** The invoice or the credit note. */
  readonly subject_id: string;
  readonly model: DocumentModel;
  readonly created_at: string;
}

export async function insertDocument(tx: LedgerTransaction, document: NewDocument): Promise<void> {
  await tx.execute(
    `INSERT INTO documents (organisation_id, id, kind, subject_id, model, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      document.organisation_id,
      document.id,
      document.kind,
      document.subject_id,
      JSON.stringify(document.model),
      document.created_at,
    ],
  );
}

const TABLES = { invoice: 'invoices', credit_note: 'credit_notes' } as const satisfies Record<
  DocumentKind,
  string
>;

export interface StoredDocument {
  readonly kind: DocumentKind;
  readonly subject_id: string;
  readonly model: DocumentModel;
  readonly pdf_sha256: string | null;
}

export async function findDocument(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<StoredDocument | null> {
  const [row] = await tx.query<StoredDocument>(
    `SELECT d.kind, d.subject_id, d.model, coalesce(i.pdf_sha256, c.pdf_sha256) AS pdf_sha256
     FROM documents d
     LEFT JOIN invoices i ON d.kind = 'invoice' AND i.organisation_id = d.organisation_id AND i.id = d.subject_id
     LEFT JOIN credit_notes c ON d.kind = 'credit_note' AND c.organisation_id = d.organisation_id AND c.id = d.subject_id
     WHERE d.organisation_id = $1 AND d.id = $2`,
    [organisationId, id],
  );
  return row ?? null;
}

export interface Pdf {
  readonly pdf_url: string;
  readonly pdf_sha256: string;
  readonly pdf_generated_at: string;
}

/** The PDF of an issued document is named once; another that was rendered meanwhile changes nothing. */
export async function setPdf(
  tx: LedgerTransaction,
  organisationId: string,
  { kind, subject_id }: Pick<StoredDocument, 'kind' | 'subject_id'>,
  pdf: Pdf,
): Promise<void> {
  await tx.execute(
    `UPDATE ${TABLES[kind]} SET pdf_url = $3, pdf_sha256 = $4, pdf_generated_at = $5
     WHERE organisation_id = $1 AND id = $2 AND pdf_sha256 IS NULL`,
    [organisationId, subject_id, pdf.pdf_url, pdf.pdf_sha256, pdf.pdf_generated_at],
  );
}

/** Null: the last attempt to render it succeeded. */
export async function setRenderError(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  error: string | null,
): Promise<void> {
  await tx.execute(
    `UPDATE documents SET render_error = $3
     WHERE organisation_id = $1 AND id = $2 AND render_error IS DISTINCT FROM $3`,
    [organisationId, id, error],
  );
}

export interface PdfState {
  /** Null: it was not issued. */
  readonly number: string | null;
  readonly pdf_sha256: string | null;
  readonly has_document: boolean;
  readonly render_error: string | null;
}

export async function findPdfState(
  tx: LedgerTransaction,
  organisationId: string,
  kind: DocumentKind,
  subjectId: string,
): Promise<PdfState | null> {
  const [row] = await tx.query<PdfState>(
    `SELECT s.${kind === 'invoice' ? 'invoice_number' : 'credit_note_number'} AS number, s.pdf_sha256,
       d.id IS NOT NULL AS has_document, d.render_error
     FROM ${TABLES[kind]} s LEFT JOIN documents d ON d.organisation_id = s.organisation_id AND d.subject_id = s.id
     WHERE s.organisation_id = $1 AND s.id = $2`,
    [organisationId, subjectId],
  );
  return row ?? null;
}
