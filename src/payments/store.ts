/** The SQL of payments, and of what an invoice has come to. */
import type { Page, PageInput } from '../core/page.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import type { Payment, PaymentStatus } from './payment.ts';

const COLUMNS = `organisation_id, id, invoice_id, razorpay_order_id, razorpay_payment_id, amount, currency, status,
  payment_method, reference, applied_amount, amount - applied_amount AS unapplied_amount, paid_at, reconciled_at,
  refund_amount, refunded_at, retry_count, max_retries, next_retry_at, last_retry_at, retry_history, created_at, updated_at`;

export interface InvoiceSums {
  readonly credited: string;
  readonly applied: string;
  /** When the latest of its captured payments was made. */
  readonly last_paid_at: string | null;
}

/** Read it under the invoice's lock: a statement of its own then sees what the holders before have committed. */
export async function readInvoiceSums(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<InvoiceSums> {
  const [row] = await tx.query<InvoiceSums>(
    `SELECT coalesce(sum(applied_amount), 0) AS applied, max(paid_at) AS last_paid_at,
       (SELECT coalesce(sum(total), 0) FROM credit_notes
        WHERE organisation_id = $1 AND invoice_id = $2 AND status = 'issued') AS credited
     FROM payments WHERE organisation_id = $1 AND invoice_id = $2 AND status = 'captured'`,
    [organisationId, invoiceId],
  );
  if (!row) throw new Error('an aggregate has a row');
  return row;
}

export type NewPayment = Pick<
  Payment,
  | 'organisation_id'
  | 'id'
  | 'invoice_id'
  | 'amount'
  | 'currency'
  | 'status'
  | 'payment_method'
  | 'reference'
  | 'applied_amount'
  | 'paid_at'
  | 'refund_amount'
  | 'created_at'
> & { readonly idempotency_key: string | null };

export async function insertPayment(tx: LedgerTransaction, row: NewPayment): Promise<Payment> {
  const [payment] = await tx.query<Payment>(
    `INSERT INTO payments (organisation_id, id, invoice_id, amount, currency, status, payment_method, reference,
       applied_amount, paid_at, refund_amount, idempotency_key, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING ${COLUMNS}`,
    [
      row.organisation_id,
      row.id,
      row.invoice_id,
      row.amount,
      row.currency,
      row.status,
      row.payment_method,
      row.reference,
      row.applied_amount,
      row.paid_at,
      row.refund_amount,
      row.idempotency_key,
      row.created_at,
    ],
  );
  if (!payment) throw new Error('the payment was not inserted');
  return payment;
}

export async function findPayment(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<Payment | null> {
  const [row] = await tx.query<Payment>(
    `SELECT ${COLUMNS} FROM payments WHERE organisation_id = $1 AND id = $2`,
    [organisationId, id],
  );
  return row ?? null;
}

export async function findPaymentByKey(
  tx: LedgerTransaction,
  organisationId: string,
  idempotencyKey: string,
): Promise<Payment | null> {
  const [row] = await tx.query<Payment>(
    `SELECT ${COLUMNS} FROM payments WHERE organisation_id = $1 AND idempotency_key = $2`,
    [organisationId, idempotencyKey],
  );
  return row ?? null;
}

export interface PaymentFilter {
  readonly organisation_id?: string | undefined;
  readonly invoice_id?: string | undefined;
  readonly status?: PaymentStatus | undefined;
}

export const listPaymentRows = (
  tx: LedgerTransaction,
  filter: PaymentFilter,
  page: PageInput,
): Promise<Page<Payment>> =>
  listRows<Payment>(
    tx,
    {
      select: COLUMNS,
      from: 'payments',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['invoice_id =', filter.invoice_id],
        ['status =', filter.status],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );
