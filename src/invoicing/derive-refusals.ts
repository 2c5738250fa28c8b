/** Why a decided invoice cannot be drafted or issued. Pure. */
import { compare, decimal } from '../core/decimal.ts';
import { AppError } from '../core/error.ts';
import { isStale } from '../pricing/fx/is-stale.ts';
import type { TaxInput } from '../pricing/tax/derive-taxes.ts';
import { findTaxFaults } from '../pricing/tax/find-tax-faults.ts';
import { type Invoice, listUnconverted } from './invoice.ts';
import { longestNumber } from './issuing/longest-number.ts';
import type { Account } from './store.ts';

export interface Refusals {
  /** `nothing_to_invoice`. */
  readonly draft: AppError | null;
  /**
   * The first of `nothing_to_invoice`, `unpriced_usage`, `draft_stale`, `exchange_rate_missing`, `exchange_rate_stale`,
   * `invoice_incomplete`.
   */
  readonly issue: AppError | null;
}

type Content = Pick<Invoice, 'line_items' | 'unpriced' | 'total' | 'conversions'>;

export interface IssueTerms {
  readonly account: Account;
  readonly tax: TaxInput;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The total that the caller saw. */
  readonly expectedTotal: string | undefined;
}

export function deriveRefusals(content: Content, terms: IssueTerms): Refusals {
  const draft = refuseEmpty(content);
  const issue =
    draft ??
    refuseUnpriced(content, terms) ??
    refuseStaleDraft(content, terms) ??
    refuseUnconverted(content, terms) ??
    refuseIncomplete(content, terms);
  return { draft, issue };
}

function refuseEmpty({ line_items, unpriced }: Content): AppError | null {
  if (line_items.length > 0) return null;
  return new AppError(
    'nothing_to_invoice',
    unpriced.length > 0
      ? 'None of the usage of this month has a price, and there is nothing else to bill. Create a pricing plan.'
      : 'There is no usage, flat fee or adjustment to bill for this month.',
  );
}

function refuseUnpriced({ unpriced }: Content, { account }: IssueTerms): AppError | null {
  const [first] = unpriced;
  if (!account.block_unpriced || !first) return null;
  return new AppError(
    'unpriced_usage',
    `block_unpriced is set and ${unpriced.length} metrics have usage without a price: ` +
      `the first is ${first.metric_name} with ${first.quantity} ${first.unit}`.trimEnd(),
  );
}

function refuseStaleDraft({ total }: Content, { expectedTotal }: IssueTerms): AppError | null {
  if (expectedTotal === undefined || compare(decimal(expectedTotal), decimal(total)) === 0) return null;
  return new AppError(
    'draft_stale',
    `The total is now ${total}, not ${expectedTotal}. Review the draft and finalize it with the new total.`,
  );
}

/** Every line must have its amount in the invoice's currency, at a rate that the organisation allows. */
function refuseUnconverted(
  { line_items, conversions }: Content,
  { account, tax: { currency }, at }: IssueTerms,
): AppError | null {
  const missing = listUnconverted(line_items);
  if (missing.length > 0) {
    const from = missing.map(({ original_currency }) => original_currency).join(', ');
    return new AppError(
      'exchange_rate_missing',
      `No exchange rate from ${from} to ${currency} is in force. Create one and finalize again.`,
    );
  }
  const maxAge = account.buyer.exchange_rate_max_age_days;
  const stale = conversions.find((rate) => isStale(Date.parse(rate.effective_from), at, maxAge));
  if (!stale) return null;
  return new AppError(
    'exchange_rate_stale',
    `The rate from ${stale.original_currency} to ${currency} dates from ${stale.effective_from}; the organisation allows at most ${maxAge} days. Create a newer rate.`,
  );
}

/** The data that the tax regime requires on the document; lists everything missing at once. */
function refuseIncomplete(
  { line_items }: Content,
  { account: { seller, buyer }, tax }: IssueTerms,
): AppError | null {
  const number = longestNumber(seller, seller.series, tax.day);
  const faults = findTaxFaults({ ...tax, seller, buyer, number, lines: line_items });
  if (faults.length === 0) return null;
  return new AppError(
    'invoice_incomplete',
    `The invoice lacks data required by its tax regime: ${faults[0]?.detail}`,
    { errors: faults },
  );
}
