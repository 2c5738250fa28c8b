import { appendAudit } from '../access/audit/append-audit.ts';
import { decimal, ZERO } from '../core/decimal.ts';
import { AppError, invalidRequest, parentNotFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatMoney } from '../core/money.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, tenant } from '../db/ledger.ts';
import { readIssuedBalance } from '../invoicing/balance-store.ts';
import type { InvoiceRow } from '../invoicing/invoice.ts';
import { markPaid } from '../invoicing/mark-paid.ts';
import { findInvoiceState } from '../invoicing/store.ts';
import { findOwner } from '../tenants/store.ts';
import {
  applyPayment,
  type CreatePaymentInput,
  findPaymentFaults,
  fixedAmount,
  isSamePayment,
  type Payment,
} from './payment.ts';
import { findPaymentByKey, insertPayment } from './store.ts';

/**
 * Records money received outside the system and applies it to the amount due on the invoice. A repeated request
 * with the same key gets the original payment, whatever has happened to the invoice since. Throws, in this order,
 * `invalid_request`, `not_found`, `idempotency_key_reused`, `invalid_state` (a draft or cancelled invoice cannot be
 * paid), `currency_mismatch`.
 */
export async function createPayment(ctx: Ctx, input: CreatePaymentInput): Promise<Payment> {
  const faults = findPaymentFaults(input, ctx.now);
  if (faults.length > 0) throw invalidRequest(faults);
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const organisationId = await findOwner(tx, 'invoices', input.invoice_id);
    if (organisationId === null) throw parentNotFound('/invoice_id', 'invoice');
    await tx.enter(tenant(organisationId));
    const state = await findInvoiceState(tx, organisationId, input.invoice_id, true);
    if (!state) throw parentNotFound('/invoice_id', 'invoice');

    const { idempotency_key } = input;
    const made =
      idempotency_key === null ? null : await findPaymentByKey(tx, organisationId, idempotency_key);
    if (made) {
      if (isSamePayment(made, input)) return made;
      throw new AppError(
        'idempotency_key_reused',
        'This Idempotency-Key was used for a different payment. Use a new key.',
      );
    }
    assertPayable(state.invoice, input.currency);
    return await recordPayment(tx, ctx, state.invoice, input);
  });
}

function assertPayable({ status, currency }: InvoiceRow, paidCurrency: string): void {
  if (status !== 'finalized' && status !== 'paid') {
    throw new AppError('invalid_state', `The invoice is ${status} and cannot be paid.`);
  }
  if (currency === paidCurrency) return;
  const detail = `Must be ${currency}, the currency of the invoice.`;
  const errors = [{ pointer: '/currency', code: 'currency_mismatch', detail }];
  throw new AppError('currency_mismatch', detail, { errors });
}

/** Call with the invoice locked. */
async function recordPayment(
  tx: LedgerTransaction,
  ctx: Ctx,
  invoice: InvoiceRow,
  input: CreatePaymentInput,
): Promise<Payment> {
  const { organisation_id, id: invoice_id, currency } = invoice;
  const { amount_due, last_paid_at } = await readIssuedBalance(tx, organisation_id, invoice_id);
  const { applied, settles } = applyPayment(decimal(input.amount), decimal(amount_due));
  const now = formatInstant(ctx.now);
  const paidAt = formatInstant(input.paid_at ?? ctx.now);
  const payment = await insertPayment(tx, {
    organisation_id,
    id: uuidv7(ctx.now),
    invoice_id,
    amount: fixedAmount(input.amount, currency),
    currency,
    status: 'captured',
    payment_method: input.method,
    reference: input.reference ?? null,
    applied_amount: formatMoney(applied, currency),
    paid_at: paidAt,
    refund_amount: formatMoney(ZERO, currency),
    idempotency_key: input.idempotency_key,
    created_at: now,
  });
  const { id, amount, applied_amount, unapplied_amount, payment_method, reference } = payment;
  const money = { amount, currency, applied_amount, unapplied_amount };
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'payment',
    entity_id: id,
    action: 'payment.create',
    changes: { invoice_id, ...money, payment_method, reference, paid_at: paidAt },
  });
  if (settles && invoice.status === 'finalized') {
    // Payments may be recorded out of order, so the invoice is settled at the latest payment date.
    const settledAt = last_paid_at !== null && last_paid_at > paidAt ? last_paid_at : paidAt;
    await markPaid(tx, ctx, invoice, { payment_id: id, paid_at: settledAt });
  }
  return payment;
}
