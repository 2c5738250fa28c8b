/**
 * What an invoice or a credit note says, as data: frozen when it is issued, and enough by itself to render the HTML and
 * the PDF at any time. Texts of the house are not in it but in languages/; amounts have exactly their currency's decimals,
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

/** What a line is for. `adjustment`: usage of an earlier month, `carried`: a negative rest of earlier months. */
export type DocumentLineKind = 'usage' | 'flat' | 'adjustment' | 'carried' | 'credit';

export interface DocumentTier {
  readonly from: string;
  readonly to: string | null;
  readonly quantity: string;
  readonly price_per_unit: string;
  readonly flat_fee: string;
  readonly amount: string;
}

/** The month whose late usage a line charges, and the first day of the version of the price that it has. */
export interface LineAdjusts {
  readonly year: number;
  readonly month: number;
  readonly price_from: string;
}

export interface DocumentLine {
  readonly line_number: number;
  readonly kind: DocumentLineKind;
  /** The seller's own word for the item, else the metric's name. */
  readonly name: string;
  readonly unit: string;
  /** The Indian code of goods (HSN) or services (SAC). */
  readonly hsn_sac: string | null;
  readonly first_day: string;
  readonly last_day: string;
  /** Of an `adjustment`, else null; documents frozen before it was introduced lack it. */
  readonly adjusts?: LineAdjusts | null | undefined;
  readonly quantity: string | null;
  /** In `original_currency` where there is one. Null beside tiers, packages and fees. */
  readonly unit_price: string | null;
  readonly tiers: readonly DocumentTier[];
  /** The plan's currency where the line was converted, and the exact amount in it. */
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
  /** Percent, where it is one. */
  readonly percentage: string | null;
  readonly amount: string;
}

export interface DocumentTax {
  /** GST, CGST, SGST, IGST, VAT. */
  readonly name: string;
  /** The country whose tax it is. */
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

/** The looks of a PDF; every part has a default in render-pdf.ts. */
export interface PdfSettings {
  /** `#rrggbb` */
  readonly accent_color?: string | undefined;
  readonly show_logo?: boolean | undefined;
  readonly paper?: 'A4' | 'LETTER' | undefined;
  /** Which of the optional blocks are shown: all where absent. */
  readonly blocks?: readonly PdfBlock[] | undefined;
  /** Texts of the seller: above the lines, below the totals, at the foot of each page. */
  readonly intro?: string | undefined;
  readonly notes?: string | undefined;
  readonly footer?: string | undefined;
}
/** Of the footer of each page: above it, it would take the page from the document. */
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
  /** The seller's bank details and the like. */
  readonly payment_instructions: string | null;
  readonly logo: Logo | null;
  readonly templates: {
    readonly html: { readonly html_content: string; readonly css_content: string } | null;
    readonly pdf: PdfSettings;
  };
}
