/** Invoices and credit notes inserted by the database owner: payments need only their totals and states. */
import type pg from 'pg';
import { randomUUID } from '../setup/seeded.ts';

const SELLER = '00000000-0000-7000-8000-000000000001';

export interface InvoiceFields {
  readonly organisation_id: string;
  readonly total?: string;
  readonly currency?: string;
  readonly status?: 'draft' | 'finalized' | 'paid' | 'refunded' | 'cancelled';
  readonly month?: number;
}

export async function addInvoice(owner: pg.Client, fields: InvoiceFields): Promise<string> {
  const { organisation_id, total = '100.00', currency = 'USD', status = 'finalized', month = 1 } = fields;
  const id = randomUUID();
  const period = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];
  await owner.query(
    `INSERT INTO billing_periods (organisation_id, year, month, starts_at, ends_at, timezone, currency, status)
     VALUES ($1, 2026, $2, $3, $4, 'UTC', $5, 'closed') ON CONFLICT DO NOTHING`,
    [organisation_id, month, ...period, currency],
  );
  await owner.query(
    `INSERT INTO invoices (organisation_id, id, billing_entity_id, invoice_number, status, year, month, period_start,
       period_end, timezone, currency, subtotal, discount_total, tax_total, total, unpriced, issued_at)
     VALUES ($1, $2, $3, $4, $5, 2026, $6, $7, $8, 'UTC', $9, $10, $10::numeric * 0, $10::numeric * 0, $10, '[]', CASE WHEN $5 <> 'draft' THEN $8::timestamptz END)`,
    [
      organisation_id,
      id,
      SELLER,
      status === 'draft' ? null : `TEST-${id}`,
      status,
      month,
      ...period,
      currency,
      total,
    ],
  );
  return id;
}

export async function addCreditNote(
  owner: pg.Client,
  invoiceId: string,
  total: string,
  status: 'issued' | 'proposed',
): Promise<void> {
  await owner.query(
    `INSERT INTO credit_notes (organisation_id, id, invoice_id, billing_entity_id, credit_note_number, status, origin,
       currency, subtotal, discount_total, tax_total, total)
     SELECT organisation_id, $2, id, billing_entity_id, $5, $4, 'manual', currency, $3, 0, 0, $3
     FROM invoices WHERE id = $1`,
    [invoiceId, randomUUID(), total, status, status === 'issued' ? `CN-${invoiceId}` : null],
  );
}

/** The state of an invoice: its status, its payments, and the audit and outbox rows they caused. */
export async function readBooks(owner: pg.Client, invoiceId: string) {
  const rows = async (sql: string) => (await owner.query(sql, [invoiceId])).rows;
  const [invoice] = await rows('SELECT status, paid_at FROM invoices WHERE id = $1');
  const ofInvoice = `(entity_id = $1 OR changes->>'invoice_id' = $1) AND action IN ('payment.create', 'invoice.paid')`;
  return {
    status: invoice.status as string,
    paid_at: (invoice.paid_at as Date | null)?.toISOString() ?? null,
    payments: (await rows('SELECT id FROM payments WHERE invoice_id = $1 ORDER BY id')).map(({ id }) => id),
    audit: (await rows(`SELECT action FROM audit_logs WHERE ${ofInvoice} ORDER BY seq`)).map(
      ({ action }) => action,
    ),
    outbox: await rows(
      `SELECT topic, payload FROM outbox WHERE topic = 'invoice.paid' AND payload->>'invoice_id' = $1`,
    ),
  };
}
