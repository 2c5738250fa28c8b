import { dayOf, firstDay, lastDay } from '../core/time.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listDiscountsFor } from '../pricing/discounts/store.ts';
import { loadCreditable } from './credit-notes/load-creditable.ts';
import type { CreditableInvoice } from './credit-notes/proposal.ts';
import type { BillingInput } from './lines/billing-input.ts';
import { type InvoicePeriod, type LoadBillingOptions, loadBilling } from './load-billing.ts';
import { loadTaxInput } from './load-tax-input.ts';
import type { Terms } from './settle-invoice.ts';
import type { Account } from './store.ts';

/** Everything an invoice is decided from: see decide-invoice.ts. */
export interface LoadedInvoice {
  readonly account: Account;
  readonly period: InvoicePeriod;
  /** Epoch milliseconds. Selects the exchange rates in force and the tax point. */
  readonly at: number;
  readonly billing: BillingInput;
  /** The issued invoices that late usage lowers. */
  readonly creditable: readonly CreditableInvoice[];
  readonly terms: Terms;
}

/** Valid while the organisation is locked; without the lock, read it in one snapshot. Throws `currency_mismatch`. */
export async function loadInvoice(
  tx: LedgerTransaction,
  account: Account,
  period: InvoicePeriod,
  options: LoadBillingOptions,
): Promise<LoadedInvoice> {
  const { organisation_id, currency } = period;
  const { at } = options;
  const billing = await loadBilling(tx, period, options);
  const creditable = await loadCreditable(tx, billing);
  const discounts = await listDiscountsFor(tx, organisation_id, firstDay(period), lastDay(period));
  const tax = await loadTaxInput(tx, account, { currency, day: dayOf(at, account.seller.timezone) });
  return { account, period, at, billing, creditable, terms: { discounts, tax } };
}
