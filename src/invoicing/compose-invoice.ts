/** What a draft, a preview and an issued invoice have in common: read the books, build the lines, settle them. */

import { dayOf, firstDay, formatInstant, lastDay } from '../core/time.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listDiscountsFor } from '../pricing/discounts/store.ts';
import type { RateInForce } from '../pricing/fx/store.ts';
import type { TaxInput } from '../pricing/tax/derive-taxes.ts';
import type { Invoice, InvoiceConversion, LineItem } from './invoice.ts';
import type { BillingInput } from './lines/billing-input.ts';
import { type BuiltInvoice, buildInvoice } from './lines/build-invoice.ts';
import { type InvoicePeriod, type LoadBillingOptions, loadBilling } from './load-billing.ts';
import { loadTaxInput } from './load-tax-input.ts';
import type { Seller } from './parties.ts';
import { type Settlement, settleInvoice } from './settle-invoice.ts';
import type { Account } from './store.ts';

/** All that an invoice says but who, when and under which number. */
export interface InvoiceContent
  extends Omit<Settlement, 'legal_notes'>,
    Pick<Invoice, 'unpriced' | 'conversions' | 'original_currency' | 'exchange_rate' | 'conversion_date'> {}

export interface ComposedInvoice {
  readonly billing: BillingInput;
  readonly built: BuiltInvoice;
  readonly content: InvoiceContent;
  readonly settlement: Settlement;
  readonly tax: TaxInput;
}

/** Throws `currency_mismatch`. */
export async function composeInvoice(
  tx: LedgerTransaction,
  account: Account,
  period: InvoicePeriod,
  options: LoadBillingOptions,
): Promise<ComposedInvoice> {
  const billing = await loadBilling(tx, period, options);
  const built = buildInvoice(billing);
  const day = dayOf(options.at, account.seller.timezone);
  const terms = {
    discounts: await listDiscountsFor(tx, period.organisation_id, firstDay(period), lastDay(period)),
    tax: await loadTaxInput(tx, account, { currency: period.currency, day }),
  };
  const lines = account.buyer.tax_regime === 'in' ? built.lines.map(withCodeOf(account.seller)) : built.lines;
  const settlement = settleInvoice(lines, period.currency, terms);
  const { legal_notes: _, ...settled } = settlement;
  const content = { ...settled, unpriced: built.unpriced, ...conversionsOf(built.rates, day) };
  return { billing, built, content, settlement, tax: terms.tax };
}

/** Where India asks for a code, the seller's stands on lines whose price names none. */
const withCodeOf =
  ({ hsn_sac }: Seller) =>
  (line: LineItem): LineItem => ({ ...line, hsn_sac: line.hsn_sac ?? hsn_sac });

function conversionsOf(
  rates: readonly RateInForce[],
  day: string,
): Pick<Invoice, 'conversions' | 'original_currency' | 'exchange_rate' | 'conversion_date'> {
  const conversions: InvoiceConversion[] = rates.map((rate) => ({
    exchange_rate_id: rate.id,
    original_currency: rate.base_currency,
    exchange_rate: rate.rate,
    effective_from: formatInstant(Date.parse(rate.effective_from)),
    conversion_date: day,
    source: rate.source,
    provider: rate.provider,
  }));
  const [only, ...others] = conversions;
  const single = others.length === 0 ? only : undefined;
  return {
    conversions,
    original_currency: single?.original_currency ?? null,
    exchange_rate: single?.exchange_rate ?? null,
    conversion_date: single?.conversion_date ?? null,
  };
}
