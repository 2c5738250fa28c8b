import { appendAudit } from '../../access/audit/append-audit.ts';
import { decimal, isZero } from '../../core/decimal.ts';
import { AppError, assert, notFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { findDefaultTemplates } from '../../documents/templates/template-store.ts';
import { insertOutbox } from '../../outbox/store.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { readIssuedBalance } from '../balance-store.ts';
import type { Invoice } from '../invoice.ts';
import { issueDocument } from '../issuing/issue-document.ts';
import { takeDocumentNumber } from '../issuing/take-number.ts';
import { markPaid } from '../mark-paid.ts';
import { type Account, findInvoice, findInvoiceState } from '../store.ts';
import type { CreditNote } from './credit-note.ts';
import {
  findCreditNote,
  findLegalNotes,
  findSeller,
  releaseApplied,
  updateProposal,
} from './credit-store.ts';
import { documentOfCreditNote } from './document-of-credit-note.ts';

/** Issues a proposal: it gets its number and never changes again. Throws `not_found`, `invalid_state`. */
export const issueCreditNote = (ctx: Ctx, { id }: { readonly id: string }): Promise<CreditNote> =>
  withOwner(ctx, 'credit_notes', id, async (tx, organisationId) => {
    const known = await findCreditNote(tx, organisationId, id);
    if (!known) throw notFound('credit note');
    const state = await findInvoiceState(tx, organisationId, known.invoice_id, true);
    // Read again under the lock: an earlier lock holder may have issued, extended or withdrawn it.
    const note = await findCreditNote(tx, organisationId, id);
    const invoice = await findInvoice(tx, organisationId, known.invoice_id);
    if (!state || !note || !invoice) throw notFound('credit note');
    assertProposed(note);
    return await issueProposed(tx, ctx, note, invoice, state.account);
  });

/** Throws `invalid_state`. */
export function assertProposed({ status }: CreditNote): void {
  if (status !== 'proposed')
    throw new AppError('invalid_state', `The credit note is ${status}, not proposed.`);
}

/**
 * The step from a proposal to an issued note, under the locks of the organisation and the invoice. The counter is
 * taken as late as possible, because all notes of a seller wait for it. An invoice with nothing left to pay becomes
 * paid; payments in excess of that are no longer applied to it.
 */
export async function issueProposed(
  tx: LedgerTransaction,
  ctx: Ctx,
  proposal: CreditNote,
  invoice: Invoice,
  { buyer }: Account,
): Promise<CreditNote> {
  const { organisation_id, id, invoice_id, total, currency, origin, reason } = proposal;
  const seller = await findSeller(tx, proposal.billing_entity_id);
  assert(seller, 'an invoice has a seller');
  const templates = await findDefaultTemplates(tx, organisation_id);
  const legal_notes = await findLegalNotes(tx, organisation_id, invoice_id);

  const credit_note_number = await takeDocumentNumber(tx, seller, seller.credit_note_series, ctx.now);
  const now = formatInstant(ctx.now);
  const note: CreditNote = {
    ...proposal,
    status: 'issued',
    credit_note_number,
    issued_at: now,
    updated_at: now,
  };
  await updateProposal(tx, note);
  await issueDocument(tx, ctx, {
    organisation_id,
    invoice_id,
    credit_note_id: id,
    recipient: buyer.billing_email,
    model: documentOfCreditNote(note, { invoice, legal_notes }, { seller, buyer }, templates),
  });
  const told = { invoice_id, credit_note_number, total, currency };
  await insertOutbox(tx, {
    organisation_id,
    id: uuidv7(ctx.now),
    topic: 'credit_note.issued',
    payload: { credit_note_id: id, ...told },
    created_at: now,
  });
  // If more has been paid than is now owed, the excess becomes the customer's unapplied money.
  const { amount_due, excess_total: released } = await readIssuedBalance(tx, organisation_id, invoice_id);
  if (!isZero(decimal(released))) await releaseApplied(tx, proposal, released);
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'credit_note',
    entity_id: id,
    action: 'credit_note.issue',
    changes: { ...told, origin, reason, released },
  });
  if (invoice.status === 'finalized' && isZero(decimal(amount_due))) {
    await markPaid(tx, ctx, invoice, { credit_note_id: id, paid_at: now });
  }
  return note;
}
