/** What the verbs that write a draft share. */
import { AppError, assert } from '../core/error.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { setClaims } from './book-store.ts';
import type { InvoiceRow } from './invoice.ts';
import type { BuiltInvoice } from './lines/build-invoice.ts';

/** Throws `invalid_state`. */
export function assertDraft({ status }: InvoiceRow): void {
  if (status !== 'draft') throw new AppError('invalid_state', `The invoice is ${status}, not a draft.`);
}

/** Throws `nothing_to_invoice`. */
export function assertInvoiceable(built: BuiltInvoice): void {
  if (built.lines.length > 0) return;
  throw new AppError(
    'nothing_to_invoice',
    built.unpriced.length > 0
      ? 'None of the usage of this month has a price, and there is nothing else to bill. Create a pricing plan.'
      : 'There is no usage, flat fee or adjustment to bill for this month.',
  );
}

/** Claims the adjustments that the invoice shows and releases those that it no longer does. */
export async function claimAdjustments(
  tx: LedgerTransaction,
  { organisation_id, id }: InvoiceRow,
  { claims }: BuiltInvoice,
): Promise<void> {
  const claimed = await setClaims(tx, organisation_id, id, [...claims.keys()]);
  assert(claimed === claims.size, 'under the lock of the organisation nothing else claims');
}
