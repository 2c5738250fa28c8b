/** The invoice and its lines, stored in the wire format. Amounts have exactly their currency's decimals. */
import { decimal, formatDecimal, sum, ZERO } from '../core/decimal.ts';
import { formatMoney } from '../core/money.ts';
import type { Month } from '../core/time.ts';
import type { TierCharge } from '../pricing/plans/charge-model.ts';

/** A reduction before tax; the discounts of an invoice sum to `discount_total`. */
export interface InvoiceDiscount {
  readonly discount_id: string;
  readonly description: string;
  readonly percentage: string | null;
  readonly amount: string;
}

/** A tax component on all lines with the same rate, rounded once on their sum. */
export interface InvoiceTax {
  readonly name: string;
  readonly country: string;
  readonly rate: string;
  readonly taxable_amount: string;
  readonly amount: string;
}

/** The line's part of a tax component. */
export interface LineTax {
  readonly name: string;
  readonly rate: string;
  readonly amount: string;
}

/** 1 original_currency = exchange_rate of the invoice's currency, in force since `effective_from`. */
export interface InvoiceConversion {
  readonly exchange_rate_id: string;
  readonly original_currency: string;
  readonly exchange_rate: string;
  readonly effective_from: string;
  readonly conversion_date: string;
  readonly source: string;
  /** The publisher of the rate, as named on documents; absent on older rows. */
  readonly provider?: string | undefined;
}

export const INVOICE_STATUSES = ['draft', 'finalized', 'paid', 'refunded', 'cancelled'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/**
 * `usage`: one metric, unit and plan version of the period. `flat`: a fee for the period. `carried`: the negative
 * remainder of earlier periods, subtracted from a usage line. `late`: usage that arrived after its own period was
 * closed.
 */
export type LineKind = 'usage' | 'flat' | 'carried' | 'late';

/** A project's part of a line; the parts sum to its quantity and its total. Null: for the organisation as a whole. */
export interface ProjectShare {
  readonly project_id: string | null;
  readonly quantity: string;
  readonly amount: string;
}

export interface LineItem extends Month {
  readonly line_number: number;
  readonly kind: LineKind;
  readonly description: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly quantity: string;
  /** The price for per_unit, the fee for a flat line, else null. */
  readonly unit_price: string | null;
  /** Before discount and tax, in the invoice's currency. */
  readonly total: string;
  readonly currency: string;
  /**
   * For a plan in another currency: that currency and the exact amount in it. The rate is null while none is in
   * force.
   */
  readonly original_currency: string | null;
  readonly original_amount: string | null;
  readonly exchange_rate: string | null;
  readonly display_name: string | null;
  readonly hsn_sac: string | null;
  readonly tax_category: string;
  readonly discount_amount: string;
  readonly tax_amount: string;
  readonly taxes: readonly LineTax[];
  readonly pricing_plan_id: string;
  /** With year and month: the period and the days of the priced usage. */
  readonly first_day: string;
  readonly last_day: string;
  /** The part of `quantity`, zero or negative, carried over to the next period. */
  readonly carried_quantity: string;
  readonly tiers: readonly TierCharge[] | null;
  readonly by_project: readonly ProjectShare[];
  readonly event_count: number;
  /** See events-hash.ts; null on a draft, and if the line has no events of its own. */
  readonly events_hash: string | null;
}

export interface UnpricedUsage {
  readonly metric_name: string;
  readonly unit: string;
  readonly quantity: string;
}

export interface InvoiceRow extends Month {
  readonly organisation_id: string;
  readonly id: string;
  readonly billing_entity_id: string;
  readonly invoice_number: string | null;
  readonly status: InvoiceStatus;
  readonly period_start: string;
  readonly period_end: string;
  readonly timezone: string;
  readonly currency: string;
  /** total = subtotal - discount_total + tax_total. */
  readonly subtotal: string;
  readonly discount_total: string;
  readonly tax_total: string;
  readonly total: string;
  readonly discounts: readonly InvoiceDiscount[];
  readonly taxes: readonly InvoiceTax[];
  readonly reverse_charge: boolean;
  readonly unpriced: readonly UnpricedUsage[];
  readonly conversions: readonly InvoiceConversion[];
  /** Set if exactly one currency was converted; `conversions` lists all. */
  readonly original_currency: string | null;
  readonly exchange_rate: string | null;
  readonly conversion_date: string | null;
  readonly template_id: string | null;
  /** Set once, when the PDF exists. */
  readonly pdf_url: string | null;
  readonly pdf_sha256: string | null;
  readonly pdf_generated_at: string | null;
  readonly issued_at: string | null;
  /** `YYYY-MM-DD` in the organisation's time zone. */
  readonly due_date: string | null;
  readonly paid_at: string | null;
  readonly cancelled_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** The invoice's balance, derived from its credit notes and payments. */
export interface InvoiceBalance {
  readonly credited_total: string;
  readonly paid_total: string;
  /** Null if nothing can be owed: on drafts and cancelled invoices. */
  readonly amount_due: string | null;
}

/** Lines of a draft without an amount so far: no rate from their currency is in force. */
export interface UnconvertedLines {
  readonly original_currency: string;
  readonly original_amount: string;
  readonly lines: readonly number[];
}

export function listUnconverted(lines: readonly LineItem[]): UnconvertedLines[] {
  const missing = lines.filter((line) => line.original_currency !== null && line.exchange_rate === null);
  return [...Map.groupBy(missing, (line) => line.original_currency ?? '')].map(
    ([original_currency, own]) => ({
      original_currency,
      original_amount: formatDecimal(sum(own.map((line) => decimal(line.original_amount ?? '0')))),
      lines: own.map((line) => line.line_number),
    }),
  );
}

export interface Invoice extends InvoiceRow, InvoiceBalance {
  readonly line_items: readonly LineItem[];
}

/** The balance of an invoice without payments or credit notes. */
export function openBalance({
  status,
  total,
  currency,
}: Pick<InvoiceRow, 'status' | 'total' | 'currency'>): InvoiceBalance {
  const nothing = formatMoney(ZERO, currency);
  return { credited_total: nothing, paid_total: nothing, amount_due: status === 'draft' ? null : total };
}

/** The invoice as it would be if it were created now. Not stored. */
export interface InvoicePreview extends Omit<Invoice, 'id' | 'status' | 'created_at' | 'updated_at'> {
  readonly id: null;
  readonly status: 'preview';
  readonly created_at: null;
  readonly updated_at: null;
}
