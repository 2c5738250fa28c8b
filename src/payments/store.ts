/** The SQL of payments. */
import type { Page, PageInput } from '../core/page.ts';
import { columns, insertOf, matching, type RowOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import type { Payment, PaymentStatus } from './payment.ts';

const BEFORE = columns('payments', [
  'organisation_id',
  'id',
  'invoice_id',
  'razorpay_order_id',
  'razorpay_payment_id',
  'amount',
  'currency',
  'status',
  'payment_method',
  'reference',
  'applied_amount',
]);
const AFTER = columns('payments', [
  'paid_at',
  'reconciled_at',
  'refund_amount',
  'refunded_at',
  'retry_count',
  'max_retries',
  'next_retry_at',
  'last_retry_at',
  'retry_history',
  'created_at',
  'updated_at',
]);
/** In the order of the wire format. */
const COLUMNS = `${BEFORE}, amount - applied_amount AS unapplied_amount, ${AFTER}`;
type PaymentRow = RowOf<typeof BEFORE> &
  RowOf<typeof AFTER> &
  Pick<Payment, 'unapplied_amount'> & { status: PaymentStatus };

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
  const { text, values } = insertOf('payments', { ...row, updated_at: row.created_at });
  const [payment] = await tx.query<PaymentRow>(`${text} RETURNING ${COLUMNS}`, values);
  if (!payment) throw new Error('the payment was not inserted');
  return payment;
}

export async function findPayment(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<Payment | null> {
  const [row] = await tx.query<PaymentRow>(
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
  const [row] = await tx.query<PaymentRow>(
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
  listRows<PaymentRow>(
    tx,
    {
      select: COLUMNS,
      from: 'payments',
      filters: matching('payments', filter, ['organisation_id', 'invoice_id', 'status']),
      key: 'id',
      order: 'asc',
    },
    page,
  );
