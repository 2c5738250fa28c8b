import { appendAudit } from '../../access/audit/append-audit.ts';
import { notFound } from '../../core/error.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { findInvoiceState } from '../store.ts';
import type { CreditNote } from './credit-note.ts';
import { findCreditNote, updateProposal } from './credit-store.ts';
import { assertProposed } from './issue-credit-note.ts';

export interface DismissCreditNoteInput {
  readonly id: string;
  readonly reason?: string | undefined;
}

/** Declines a proposal: its late usage stays settled and nothing is credited. Throws `not_found`, `invalid_state`. */
export const dismissCreditNote = (ctx: Ctx, { id, reason }: DismissCreditNoteInput): Promise<CreditNote> =>
  withOwner(ctx, 'credit_notes', id, async (tx, organisationId) => {
    const known = await findCreditNote(tx, organisationId, id);
    if (!known) throw notFound('credit note');
    await findInvoiceState(tx, organisationId, known.invoice_id, true);
    const proposal = await findCreditNote(tx, organisationId, id);
    if (!proposal) throw notFound('credit note');
    assertProposed(proposal);
    const note: CreditNote = {
      ...proposal,
      status: 'dismissed',
      reason: reason ?? proposal.reason,
      updated_at: formatInstant(ctx.now),
    };
    await updateProposal(tx, note);
    await appendAudit(tx, ctx, {
      organisation_id: organisationId,
      entity_type: 'credit_note',
      entity_id: id,
      action: 'credit_note.dismiss',
      changes: { invoice_id: note.invoice_id, total: note.total, reason: note.reason },
    });
    return note;
  });
