/** A correction of an issued invoice; stored in the wire format. Amounts are positive: they are returned. */

import type { InvoiceTax, LineTax } from '../invoice.ts';
import type { OpenAdjustment } from '../lines/billing-input.ts';

export const CREDIT_NOTE_STATUSES = ['proposed', 'issued', 'dismissed'] as const;
/** `proposed`: created from late usage. It is not a document yet: it has no number and may still gain lines. */
export type CreditNoteStatus = (typeof CREDIT_NOTE_STATUSES)[number];

export const CREDIT_NOTE_ORIGINS = ['manual', 'late_usage'] as const;
export type CreditNoteOrigin = (typeof CREDIT_NOTE_ORIGINS)[number];

export interface CreditNoteLine {
  readonly line_number: number;
  /** The corrected invoice line; several lines of a note may correct the same one. */
  readonly invoice_line_number: number;
  readonly description: string;
  /**
   * The late usage behind it, on the first line of a decrease; 0 on its other lines; null if the amount was entered
   * by hand.
   */
  readonly quantity: string | null;
  /** The part of `quantity`, zero or negative, carried over to the next period. */
  readonly carried_quantity: string;
  /** Events of the late usage, on the first line of a decrease, else 0. */
  readonly event_count: number;
  /** The amount of the late usage, in the plan's currency. */
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
  /** Set once, when the PDF exists. */
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
  /** The late usage that the note settles. */
  readonly adjustments: readonly CreditedAdjustment[];
}
