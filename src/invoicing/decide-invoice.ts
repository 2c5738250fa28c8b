/** The one decision shared by preview, draft, regenerated draft and issued invoice. Pure. */
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

/** Everything on an invoice except its parties, dates and number. */
export interface InvoiceContent
  extends Omit<Settlement, 'legal_notes'>,
    Pick<Invoice, 'unpriced'>,
    Conversions {}

export interface Decision {
  readonly content: InvoiceContent;
  readonly legal_notes: readonly LegalNote[];
  /**
   * Additions to the proposals of issued invoices for late usage that lowers them. The content is built from the
   * remaining usage.
   */
  readonly proposals: readonly Proposal[];
  /**
   * The line of each adjustment that the invoice takes up; 0 if its usage is unpriced. What a proposal carries over
   * is listed by its provisional id.
   */
  readonly claims: ReadonlyMap<string, number>;
  /** What the lines carry over to the next period once the invoice is issued. */
  readonly carried: readonly CarriedQuantity[];
  readonly refusals: Refusals;
}

/**
 * Late usage that lowers issued invoices is added to their proposals first. The invoice is built from the rest,
 * plus what the proposals carry over. `expectedTotal`: the total that the caller saw. Throws `currency_mismatch`:
 * then there is nothing to show.
 *
 * September was invoiced with 5 units at 2.00, and 8 negative units came late: 10.00 is credited and -3 is carried
 * over, so 10 units in October cost 14.00.
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

/** Where India requires a code, lines without one get the seller's. */
const withCodeOf =
  ({ hsn_sac }: Seller) =>
  (line: LineItem): LineItem => ({ ...line, hsn_sac: line.hsn_sac ?? hsn_sac });

/** What each line carries over to the next period: see carried-lines.ts. */
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
