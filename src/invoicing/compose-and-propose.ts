import { assert } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { type ComposedInvoice, composeInvoice } from './compose-invoice.ts';
import { proposeCreditNotes } from './credit-notes/propose-credit-notes.ts';
import type { InvoicePeriod, LoadBillingOptions } from './load-billing.ts';
import type { Account } from './store.ts';

/**
 * Composes an invoice that is to be stored. Late usage that lowers issued ones goes on their proposals first; what it
 * carries on is then on the invoice already. Throws `currency_mismatch`.
 */
export async function composeAndPropose(
  tx: LedgerTransaction,
  ctx: Ctx,
  account: Account,
  period: InvoicePeriod,
  options: LoadBillingOptions,
): Promise<ComposedInvoice> {
  const composed = await composeInvoice(tx, account, period, options);
  const { decreases } = composed.built;
  if (decreases.length === 0) return composed;
  const { organisation_id } = account;
  await proposeCreditNotes(tx, ctx, { organisation_id, decreases, draftId: options.invoiceId });
  const again = await composeInvoice(tx, account, period, options);
  assert(again.built.decreases.length === 0, 'what is proposed is open no longer');
  return again;
}
