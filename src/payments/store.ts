/** The SQL of payments. */
import type { Page, PageInput } from '../core/page.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import type { Payment, PaymentStatus } from './payment.ts';

const COLUMNS = `organisation_id, id, invoice_id, razorpay_order_id, razorpay_payment_id, amount, currency, status,
  payment_method, reference, applied_amount, amount - applied_amount AS unapplied_amount, paid_at, reconciled_at,
  refund_amount, refunded_at, retry_count, max_retries, next_retry_at, last_retry_at, retry_history, created_at, updated_at`;

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
