/** A payment of an invoice, and the rules by which it settles the invoice. */
import { exponentOf } from '../core/currency.ts';
import {
  canonicalDecimal,
  compare,
  type Decimal,
  decimal,
  isZero,
  minimum,
  parseQuantity,
  QUANTITY_INTEGER_DIGITS,
  subtract,
} from '../core/decimal.ts';
import type { Fault } from '../core/error.ts';
import { formatMoney } from '../core/money.ts';

export const PAYMENT_STATUSES = [
  'pending',
  'authorized',
  'captured',
  'failed',
  'refunded',
  'partially_refunded',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** `offline`: received by bank transfer or cheque and recorded by hand. */
export const RECORDED_METHODS = ['offline'] as const;

/** The wire format. Amounts have exactly their currency's decimals. */
export interface Payment {
  readonly organisation_id: string;
  readonly id: string;
  readonly invoice_id: string;
  readonly razorpay_order_id: string | null;
  readonly razorpay_payment_id: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly status: PaymentStatus;
  readonly payment_method: string;
  readonly reference: string | null;
  /** The part of `amount` that settles the invoice. */
  readonly applied_amount: string;
  /** The rest: the customer's money, not applied to any invoice. */
  readonly unapplied_amount: string;
  readonly paid_at: string | null;
  readonly reconciled_at: string | null;
  readonly refund_amount: string;
  readonly refunded_at: string | null;
  readonly retry_count: number;
  readonly max_retries: number;
  readonly next_retry_at: string | null;
  readonly last_retry_at: string | null;
  readonly retry_history: readonly Readonly<Record<string, unknown>>[];
  readonly created_at: string;
  readonly updated_at: string;
}

export interface CreatePaymentInput {
  readonly invoice_id: string;
  readonly method: (typeof RECORDED_METHODS)[number];
  readonly amount: string;
  readonly currency: string;
  /** Epoch milliseconds; default: now. */
  readonly paid_at?: number | undefined;
  readonly reference?: string | null | undefined;
  /** The request's key, prefixed by its sender: see `keyOfRow`. */
  readonly idempotency_key: string | null;
}

/** Tolerance for clock differences. A later payment date is in the future. */
const AHEAD_MAX_MS = 5 * 60_000;

/** Validates the input itself. Digits are counted as written: '100.0' is invalid for JPY, '1.005' for USD. */
export function findPaymentFaults(input: CreatePaymentInput, now: number): Fault[] {
  const faults: Fault[] = [];
  const add = (pointer: string, code: string, detail: string): void => {
    faults.push({ pointer, code, detail });
  };
  const decimals = exponentOf(input.currency);
  const [, fraction = ''] = input.amount.split('.');
  const units = parseQuantity(input.amount);
  if (canonicalDecimal(input.amount) === null)
    add('/amount', 'invalid_decimal', 'Must be a decimal in plain notation.');
  else if (fraction.length > decimals)
    add('/amount', 'too_precise', `${input.currency} has ${decimals} decimals.`);
  else if (units === null)
    add('/amount', 'too_large', `Must have at most ${QUANTITY_INTEGER_DIGITS} integer digits.`);
  else if (units <= 0n) add('/amount', 'not_positive', 'Must be greater than zero.');
  if (input.paid_at !== undefined && input.paid_at > now + AHEAD_MAX_MS)
    add('/paid_at', 'in_the_future', 'Must be at most five minutes in the future.');
  return faults;
}

export interface Application {
  readonly applied: Decimal;
  readonly unapplied: Decimal;
  /** Whether nothing is due afterwards. */
  readonly settles: boolean;
}

/**
 * Applies a payment to the amount due, and no more.
 *
 * Of an invoice 30.00 are due: a payment of 10.00 is applied in full and leaves 20.00 due; one of 45.00 is applied
 * for 30.00, settles the invoice, and leaves 15.00 unapplied; a further one of 5.00 is entirely unapplied.
 */
export function applyPayment(amount: Decimal, due: Decimal): Application {
  const applied = minimum(amount, due);
  return { applied, unapplied: subtract(amount, applied), settles: isZero(subtract(due, applied)) };
}

/** Whether a payment matches the input: a retry of the request that recorded it, however much later. */
export function isSamePayment(payment: Payment, input: CreatePaymentInput): boolean {
  return (
    payment.invoice_id === input.invoice_id &&
    payment.payment_method === input.method &&
    payment.currency === input.currency &&
    compare(decimal(payment.amount), decimal(input.amount)) === 0 &&
    payment.reference === (input.reference ?? null) &&
    (input.paid_at === undefined ||
      (payment.paid_at !== null && Date.parse(payment.paid_at) === input.paid_at))
  );
}

export const fixedAmount = (amount: string, currency: string): string =>
  formatMoney(decimal(amount), currency);
