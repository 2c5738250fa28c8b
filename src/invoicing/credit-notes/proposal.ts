/** The one proposal from late usage that an issued invoice may have, and what it gains. */
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
  /** What of the invoice no note takes yet. */
  readonly room: Decimal;
  readonly proposal: CreditNote | null;
}

/** What a proposal passes on to the next period. It has no row yet: what claims it names it by its provisional id. */
export interface CarriedByProposal extends CarriedQuantity {
  readonly provisional_id: string;
}

export interface Proposal {
  /** As it was before; its proposal is null where this one is new. */
  readonly invoice: CreditableInvoice;
  readonly added: readonly CreditNoteLine[];
  /** Of the lines that it had and those that it gains. */
  readonly totals: CreditTotals;
  /** The late usage that it takes up. */
  readonly adjustment_ids: readonly string[];
  readonly carried: readonly CarriedByProposal[];
}
