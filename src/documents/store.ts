/** The SQL of frozen documents, and of the PDF columns of their invoices and credit notes. */
import { insertOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';
import type { DocumentKind, DocumentModel } from './document-model.ts';

/** `subject_id`: the invoice or credit note. */
export type NewDocument = Omit<Row<'documents'>, 'render_error'> & Said;

interface Said {
  readonly kind: DocumentKind;
  readonly model: DocumentModel;
}

export async function insertDocument(tx: LedgerTransaction, document: NewDocument): Promise<void> {
  const { text, values } = insertOf('documents', document);
  await tx.execute(text, values);
}

const TABLES = { invoice: 'invoices', credit_note: 'credit_notes' } as const satisfies Record<
  DocumentKind,
  string
>;

export type StoredDocument = Readonly<Pick<Row<'documents'>, 'subject_id'>> &
  Said &
  Readonly<Pick<Row<'invoices' | 'credit_notes'>, 'pdf_sha256'>>;

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

type PdfColumns = Pick<Row<'invoices' | 'credit_notes'>, 'pdf_url' | 'pdf_sha256' | 'pdf_generated_at'>;
export type Pdf = { readonly [Column in keyof PdfColumns]: NonNullable<PdfColumns[Column]> };

/** Sets the PDF of an issued document once; a second PDF rendered meanwhile changes nothing. */
export async function setPdf(
  tx: LedgerTransaction,
  organisationId: string,
  { kind, subject_id }: Pick<StoredDocument, 'kind' | 'subject_id'>,
  pdf: Pdf,
): Promise<void> {
  const { pdf_url, pdf_sha256, pdf_generated_at } = pdf;
  const changes = { pdf_url, pdf_sha256, pdf_generated_at };
  const { text, values } = updateOf(TABLES[kind], changes, {
    organisation_id: organisationId,
    id: subject_id,
  });
  await tx.execute(`${text} AND pdf_sha256 IS NULL`, values);
}

/** Null: the last attempt to render it succeeded. */
export async function setRenderError(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  error: string | null,
): Promise<void> {
  const where = { organisation_id: organisationId, id };
  const { text, values, bind } = updateOf('documents', { render_error: error }, where);
  await tx.execute(`${text} AND render_error IS DISTINCT FROM ${bind(error)}`, values);
}

export interface PdfState {
  /** Null: not issued. */
  readonly number: Row<'invoices'>['invoice_number'] | Row<'credit_notes'>['credit_note_number'];
  readonly pdf_sha256: Row<'invoices' | 'credit_notes'>['pdf_sha256'];
  readonly has_document: boolean;
  readonly render_error: Row<'documents'>['render_error'] | null;
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
