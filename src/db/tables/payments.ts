/** Incoming and outgoing money. */
import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { created, decimalText, instant, policies, timestamps } from './columns.ts';
import { invoices } from './invoicing.ts';

export const payments = pgTable(
  'payments',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    razorpay_order_id: text(),
    razorpay_payment_id: text().unique('payments_razorpay_payment_id'),
    amount: decimalText().notNull(),
    currency: text().notNull(),
    status: text().notNull(),
    payment_method: text().notNull(),
    /** The payer's or the bank's own reference. */
    reference: text(),
    /** The part that settles the invoice; the rest of `amount` is the customer's unapplied money. */
    applied_amount: decimalText().notNull(),
    paid_at: instant(),
    reconciled_at: instant(),
    refund_amount: decimalText().notNull().default('0'),
    refunded_at: instant(),
    retry_count: integer().notNull().default(0),
    max_retries: integer().notNull().default(0),
    next_retry_at: instant(),
    last_retry_at: instant(),
    retry_history: jsonb().$type<Record<string, unknown>[]>().notNull().default([]),
    /** The key of the request that recorded it, so that a retry finds it. */
    idempotency_key: text(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('payments_id').on(table.id),
    uniqueIndex('payments_idempotency_key').on(table.organisation_id, table.idempotency_key),
    index('payments_invoice').on(table.organisation_id, table.invoice_id),
    check(
      'payments_status',
      sql`status IN ('pending', 'authorized', 'captured', 'failed', 'refunded', 'partially_refunded')`,
    ),
    check('payments_applied', sql`applied_amount >= 0 AND applied_amount <= amount`),
    check('payments_refunded', sql`refund_amount >= 0 AND refund_amount <= amount`),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('payments'),
  ],
);

/** Money of a payment that was returned or is being returned: every refund except a failed one reserves its amount. */
export const refunds = pgTable(
  'refunds',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    payment_id: uuid().notNull(),
    amount: decimalText().notNull(),
    status: text().notNull(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    index('refunds_payment').on(table.organisation_id, table.payment_id),
    check('refunds_status', sql`status IN ('pending', 'processed', 'failed')`),
    check('refunds_positive', sql`amount > 0`),
    foreignKey({
      columns: [table.organisation_id, table.payment_id],
      foreignColumns: [payments.organisation_id, payments.id],
    }),
    ...policies('refunds'),
  ],
);
