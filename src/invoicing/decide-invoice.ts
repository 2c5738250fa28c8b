/** The one decision that a preview, a draft, a regenerated draft and an issued invoice share. Pure. */
import { decimal, isZero } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { formatInstant, type Month } from '../core/time.ts';
import type { RateInForce } from '../pricing/fx/store.ts';
import type { LegalNote } from '../pricing/tax/legal-note.ts';
import { applyProposals, deriveProposals } from './credit-notes/derive-proposals.ts';
import type { Proposal } from './credit-notes/proposal.ts';
import { deriveRefusals, type Refusals } from './derive-refusals.ts';
import type { Invoice, InvoiceConversion, LineItem } from './invoice.ts';
import type { CarriedQuantity } from './lines/billing-input.ts';
import { buildInvoice } from './lines/build-invoice.ts';
import { buildLateLines } from './lines/late-lines.ts';
import { pricesOf } from './lines/price-days.ts';
import type { LoadedInvoice } from './load-invoice.ts';
import type { Seller } from './parties.ts';
import { type Settlement, settleInvoice } from './settle-invoice.ts';

type Conversions = Pick<Invoice, 'conversions' | 'original_currency' | 'exchange_rate' | 'conversion_date'>;

/** All that an invoice says but who, when and under which number. */
export interface InvoiceContent
  extends Omit<Settlement, 'legal_notes'>,
    Pick<Invoice, 'unpriced'>,
    Conversions {}

export interface Decision {
  readonly content: InvoiceContent;
  readonly legal_notes: readonly LegalNote[];
  /** What the proposals of issued invoices gain by late usage that lowers them; the content stands on what they leave. */
  readonly proposals: readonly Proposal[];
  /**
   * The adjustments that the invoice takes up, and the line of each; 0 where it is unpriced. What a proposal carries goes
   * by its provisional id.
   */
  readonly claims: ReadonlyMap<string, number>;
  /** What the lines pass on to the next period once the invoice is issued. */
  readonly carried: readonly CarriedQuantity[];
  readonly refusals: Refusals;
}

/**
 * Late usage that lowers issued invoices goes on their proposals first; the invoice is built from what they leave, with what
 * they carry on. `expectedTotal`: what the caller saw. Throws `currency_mismatch`: then there is nothing to show.
 *
 * September was invoiced with 5 units at 2.00, and 8 came late and negative: 10.00 go back and -3 are carried, so that 10
 * units of October come to 14.00.
 */
export function decideInvoice(loaded: LoadedInvoice, expectedTotal?: string): Decision {
  const { account, period, at, terms } = loaded;
  const { decreases } = buildLateLines(loaded.billing, pricesOf(loaded.billing));
  const proposals = deriveProposals(decreases, loaded.creditable, loaded.billing.invoiced);
  const built = buildInvoice(applyProposals(loaded.billing, proposals));
  assert(built.decreases.length === 0, 'what is proposed is open no longer');

  const lines = account.buyer.tax_regime === 'in' ? built.lines.map(withCodeOf(account.seller)) : built.lines;
  const { legal_notes, ...settled } = settleInvoice(lines, period.currency, terms);
  const { unpriced, claims } = built;
  const content = { ...settled, unpriced, ...conversionsOf(built.rates, terms.tax.day) };
  const refusals = deriveRefusals(content, { account, at, tax: terms.tax, expectedTotal });
  return { content, legal_notes, proposals, claims, carried: carriedOf(lines, period), refusals };
}

/** Where India asks for a code, the seller's stands on lines whose price names none. */
const withCodeOf =
  ({ hsn_sac }: Seller) =>
  (line: LineItem): LineItem => ({ ...line, hsn_sac: line.hsn_sac ?? hsn_sac });

/** What the next period takes over of each line: see carried-lines.ts. */
const carriedOf = (lines: readonly LineItem[], { year, month }: Month): CarriedQuantity[] =>
  lines
    .filter((line) => !isZero(decimal(line.carried_quantity)))
    .map(({ metric_name, unit, last_day, carried_quantity }) => ({
      metric_name,
      unit,
      year,
      month,
      day: last_day,
      quantity: carried_quantity,
    }));

function conversionsOf(rates: readonly RateInForce[], day: string): Conversions {
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
