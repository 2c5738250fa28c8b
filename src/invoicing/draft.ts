/** Shared by the verbs that write a draft. */
import { AppError, assert } from '../core/error.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { setClaims } from './book-store.ts';
import type { SavedProposals } from './credit-notes/save-proposals.ts';
import type { Decision } from './decide-invoice.ts';
import type { InvoiceRow } from './invoice.ts';

/** Throws `invalid_state`. */
export function assertDraft({ status }: InvoiceRow): void {
  if (status !== 'draft') throw new AppError('invalid_state', `The invoice is ${status}, not a draft.`);
}

/** Claims the adjustments on the invoice and releases those no longer on it. */
export async function claimAdjustments(
  tx: LedgerTransaction,
  { organisation_id, id }: InvoiceRow,
  { claims }: Decision,
  { carriedIds }: SavedProposals,
): Promise<void> {
  const adjustmentIds = [...claims.keys()].map((claim) => carriedIds.get(claim) ?? claim);
  const claimed = await setClaims(tx, organisation_id, id, adjustmentIds);
  assert(claimed === claims.size, 'under the lock of the organisation nothing else claims');
}
