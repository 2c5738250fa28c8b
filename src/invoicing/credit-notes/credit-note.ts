/** A correction of an issued invoice: what is stored is what is on the wire. Amounts are positive: they go back. */

import type { InvoiceTax, LineTax } from '../invoice.ts';
import type { OpenAdjustment } from '../lines/billing-input.ts';

export const CREDIT_NOTE_STATUSES = ['proposed', 'issued', 'dismissed'] as const;
/** `proposed`: made from late usage, and not a document yet: it has no number, and may still gain lines. */
export type CreditNoteStatus = (typeof CREDIT_NOTE_STATUSES)[number];

export const CREDIT_NOTE_ORIGINS = ['manual', 'late_usage'] as const;
export type CreditNoteOrigin = (typeof CREDIT_NOTE_ORIGINS)[number];

export interface CreditNoteLine {
  readonly line_number: number;
  /** The line of the invoice that is corrected; several lines of a note may correct the same. */
  readonly invoice_line_number: number;
  readonly description: string;
  /** The late usage behind it, on the first line of a decrease, 0 on its others; null where a person chose the amount. */
  readonly quantity: string | null;
  /** The part of `quantity`, zero or negative, that goes on to the next period. */
  readonly carried_quantity: string;
  /** Of the late usage behind it, on the first line of a decrease, else 0. */
  readonly event_count: number;
  /** Of late usage, in the plan's currency. */
  readonly original_amount: string | null;
  /** Before discount and tax, in the invoice's currency. */
  readonly total: string;
  readonly discount_amount: string;
  readonly tax_amount: string;
  readonly taxes: readonly LineTax[];
}

export interface CreditNoteRow {
  readonly organisation_id: string;
  readonly id: string;
  readonly invoice_id: string;
  readonly billing_entity_id: string;
  readonly credit_note_number: string | null;
  readonly status: CreditNoteStatus;
  readonly origin: CreditNoteOrigin;
  readonly reason: string | null;
  readonly currency: string;
  /** total = subtotal - discount_total + tax_total. */
  readonly subtotal: string;
  readonly discount_total: string;
  readonly tax_total: string;
  readonly total: string;
  readonly taxes: readonly InvoiceTax[];
  /** Set once, when the PDF is there. */
  readonly pdf_url: string | null;
  readonly pdf_sha256: string | null;
  readonly pdf_generated_at: string | null;
  readonly issued_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface CreditNote extends CreditNoteRow {
  readonly line_items: readonly CreditNoteLine[];
}

export type CreditedAdjustment = Omit<OpenAdjustment, 'quantity'> & { readonly quantity: string };

export interface CreditNoteDetail extends CreditNote {
  /** The late usage that it takes up. */
  readonly adjustments: readonly CreditedAdjustment[];
}
