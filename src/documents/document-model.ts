/**
 * The content of an invoice or credit note as data. It is frozen at issue, and sufficient to render the HTML and
 * the PDF at any time. The product's own texts are in languages/. Amounts have exactly their currency's decimals,
 * quantities and prices are canonical decimals, days are `YYYY-MM-DD`.
 */
import type { Address, TaxId } from '../core/address.ts';
import type { LegalNote, TaxRegime } from '../pricing/tax/legal-note.ts';
import type { LanguageCode } from './languages/index.ts';

export type DocumentKind = 'invoice' | 'credit_note';

export interface Party {
  readonly legal_name: string;
  readonly address: Address | null;
  readonly tax_ids: readonly TaxId[];
  readonly email: string | null;
}

/**
 * The purpose of a line. `adjustment`: usage of an earlier month, `carried`: a negative remainder of earlier
 * months.
 */
export type DocumentLineKind = 'usage' | 'flat' | 'adjustment' | 'carried' | 'credit';

export interface DocumentTier {
  readonly from: string;
  readonly to: string | null;
  readonly quantity: string;
  readonly price_per_unit: string;
  readonly flat_fee: string;
  readonly amount: string;
}

/** The month of the late usage a line charges, and the first day of the price version applied. */
export interface LineAdjusts {
  readonly year: number;
  readonly month: number;
  readonly price_from: string;
}

export interface DocumentLine {
  readonly line_number: number;
  readonly kind: DocumentLineKind;
  /** The seller's name for the item, else the metric's name. */
  readonly name: string;
  readonly unit: string;
  /** The Indian code of goods (HSN) or services (SAC). */
  readonly hsn_sac: string | null;
  readonly first_day: string;
  readonly last_day: string;
  /** Set for an `adjustment`, else null; absent on documents frozen before the field existed. */
  readonly adjusts?: LineAdjusts | null | undefined;
  readonly quantity: string | null;
  /** In `original_currency` if it is set. Null for tiers, packages and fees. */
  readonly unit_price: string | null;
  readonly tiers: readonly DocumentTier[];
  /** If the line was converted: the plan's currency and the exact amount in it. */
  readonly original_currency: string | null;
  readonly original_amount: string | null;
  readonly exchange_rate: string | null;
  /** Before discount and tax. */
  readonly amount: string;
  readonly discount_amount: string;
  readonly tax_rate: string | null;
  readonly tax_amount: string;
}

export interface DocumentDiscount {
  readonly description: string;
  /** Percent, if the discount is a percentage. */
  readonly percentage: string | null;
  readonly amount: string;
}

export interface DocumentTax {
  /** GST, CGST, SGST, IGST, VAT. */
  readonly name: string;
  /** The country that levies the tax. */
  readonly country: string;
  readonly rate: string;
  readonly taxable_amount: string;
  readonly amount: string;
}

export interface DocumentConversion {
  readonly original_currency: string;
  /** 1 original = rate of the document's currency. */
  readonly exchange_rate: string;
  readonly conversion_date: string;
  readonly source: string;
}

export interface Logo {
  readonly sha256: string;
  readonly media_type: 'image/png' | 'image/jpeg';
}

/** Settings for the look of a PDF; render-pdf.ts has a default for each. */
export interface PdfSettings {
  /** `#rrggbb` */
  readonly accent_color?: string | undefined;
  readonly show_logo?: boolean | undefined;
  readonly paper?: 'A4' | 'LETTER' | undefined;
  /** The optional blocks to show; default: all. */
  readonly blocks?: readonly PdfBlock[] | undefined;
  /** The seller's texts: above the lines, below the totals, at the foot of each page. */
  readonly intro?: string | undefined;
  readonly notes?: string | undefined;
  readonly footer?: string | undefined;
}
/** Lines of the page footer. A longer footer would leave no room for the document. */
export const FOOTER_LINES_MAX = 8;
export const PDF_BLOCKS = ['period', 'tiers', 'tax_summary', 'conversion', 'payment', 'notes'] as const;
export type PdfBlock = (typeof PDF_BLOCKS)[number];

export interface DocumentModel {
  readonly version: 1;
  readonly kind: DocumentKind;
  readonly language: LanguageCode;
  readonly number: string;
  readonly issue_date: string;
  readonly due_date: string | null;
  readonly currency: string;
  readonly period: { readonly first_day: string; readonly last_day: string; readonly timezone: string };
  /** The invoice that a credit note corrects. */
  readonly corrects: {
    readonly number: string;
    readonly issue_date: string;
    readonly reason: string | null;
  } | null;
  readonly seller: Party;
  readonly buyer: Party;
  readonly tax_regime: TaxRegime;
  /** The code and, for Indian states, the name. */
  readonly place_of_supply: string | null;
  readonly reverse_charge: boolean;
  readonly lines: readonly DocumentLine[];
  readonly discounts: readonly DocumentDiscount[];
  readonly taxes: readonly DocumentTax[];
  readonly subtotal: string;
  readonly discount_total: string;
  readonly tax_total: string;
  readonly total: string;
  readonly conversions: readonly DocumentConversion[];
  readonly unpriced: readonly {
    readonly metric_name: string;
    readonly unit: string;
    readonly quantity: string;
  }[];
  readonly legal_notes: readonly LegalNote[];
  /** For example the seller's bank details. */
  readonly payment_instructions: string | null;
  readonly logo: Logo | null;
  readonly templates: {
    readonly html: { readonly html_content: string; readonly css_content: string } | null;
    readonly pdf: PdfSettings;
  };
}
