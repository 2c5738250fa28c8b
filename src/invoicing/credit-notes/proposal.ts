/** The proposal from late usage, of which an issued invoice has at most one, and what is added to it. */
import type { Decimal } from '../../core/decimal.ts';
import type { InvoiceTax } from '../invoice.ts';
import type { CarriedQuantity } from '../lines/billing-input.ts';
import type { CreditTotals } from './credit-line.ts';
import type { CreditNote, CreditNoteLine } from './credit-note.ts';

/** An issued invoice that late usage lowers. */
export interface CreditableInvoice {
  readonly organisation_id: string;
  readonly invoice_id: string;
  readonly billing_entity_id: string;
  readonly currency: string;
  readonly taxes: readonly InvoiceTax[];
  /** The part of the invoice that no note takes back yet. */
  readonly room: Decimal;
  readonly proposal: CreditNote | null;
}

/** What a proposal carries over to the next period. It has no row yet, so claims refer to it by its provisional id. */
export interface CarriedByProposal extends CarriedQuantity {
  readonly provisional_id: string;
}

export interface Proposal {
  /** The invoice as it was before; its proposal is null if this one is new. */
  readonly invoice: CreditableInvoice;
  readonly added: readonly CreditNoteLine[];
  /** Totals over existing and added lines. */
  readonly totals: CreditTotals;
  /** The late usage that it settles. */
  readonly adjustment_ids: readonly string[];
  readonly carried: readonly CarriedByProposal[];
}
