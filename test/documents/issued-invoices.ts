/** Invoices with frozen documents, inserted by the owner: pages and links need only their content and status. */
import type pg from 'pg';
import type { DocumentModel } from '../../src/documents/document-model.ts';
import { randomUUID } from '../setup/seeded.ts';
import { sampleInvoice } from './sample-model.ts';

const SELLER = '00000000-0000-7000-8000-000000000001';

export interface IssuedFields {
  readonly organisation_id: string;
  readonly status?: 'draft' | 'finalized' | 'paid' | 'refunded' | 'cancelled';
  readonly model?: Partial<DocumentModel>;
  readonly pdf_sha256?: string;
  readonly year?: number;
}

let month = 0;

/** An invoice of 118.00 INR; a draft has neither number nor document. */
export async function addIssued(
  owner: pg.Client,
  { organisation_id, status = 'finalized', model = {}, pdf_sha256, year = 2002 }: IssuedFields,
): Promise<{ readonly id: string; readonly number: string }> {
  const id = randomUUID();
  const number = `PAGE/${id.slice(0, 8)}`;
  await owner.query(
    `INSERT INTO invoices (organisation_id, id, billing_entity_id, invoice_number, status, year, month, period_start,
       period_end, timezone, currency, subtotal, discount_total, tax_total, total, unpriced, issued_at, due_date, pdf_sha256)
     VALUES ($1, $2, $3, $4, $5, $6, $7, '2002-01-01', '2002-02-01', 'UTC', 'INR', 100.00, 0.00, 18.00, 118.00, '[]', now(),
       '2002-02-15', $8)`,
    [
      organisation_id,
      id,
      SELLER,
      status === 'draft' ? null : number,
      status,
      year,
      (month++ % 12) + 1,
      pdf_sha256 ?? null,
    ],
  );
  if (status !== 'draft') {
    await owner.query(
      `INSERT INTO documents (organisation_id, id, kind, subject_id, model) VALUES ($1, $2, 'invoice', $3, $4)`,
      [organisation_id, randomUUID(), id, sampleInvoice({ number, ...model })],
    );
  }
  return { id, number };
}

export const auditActions = async (owner: pg.Client, entityId: string): Promise<string[]> =>
  (await owner.query('SELECT action FROM audit_logs WHERE entity_id = $1 ORDER BY seq', [entityId])).rows.map(
    ({ action }) => action,
  );
