/** The step from a draft to an issued invoice, inside the transaction that holds the period's lock. */
import { appendAudit } from '../../access/audit/append-audit.ts';
import { AppError, notFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { addDays, dayOf, formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { findDefaultTemplates } from '../../documents/templates/template-store.ts';
import { insertOutbox } from '../../outbox/store.ts';
import { type CarriedRow, insertCarried, listLateEvents } from '../book-store.ts';
import { saveProposals } from '../credit-notes/save-proposals.ts';
import { decideInvoice, type InvoiceContent } from '../decide-invoice.ts';
import { assertDraft, claimAdjustments } from '../draft.ts';
import { type Invoice, type InvoiceRow, openBalance } from '../invoice.ts';
import { replaceLines } from '../line-store.ts';
import type { CarriedQuantity } from '../lines/billing-input.ts';
import { partsOfLateUsage, proofsOfClaims, proveLines } from '../lines/prove-lines.ts';
import { periodOfInvoice } from '../load-billing.ts';
import { loadInvoice } from '../load-invoice.ts';
import { type Account, findInvoiceState, updateDraft } from '../store.ts';
import { documentOfInvoice } from './document-of-invoice.ts';
import type { FinalizeDraftInput } from './finalize-input.ts';
import { issueDocument } from './issue-document.ts';
import type { VerifiedBooks } from './read-books.ts';
import { takeDocumentNumber } from './take-number.ts';

/**
 * Rebuilds the lines from the frozen days, numbers the invoice and saves it with its carried quantities, its
 * message and its audit row. Locks are taken in this order: period, organisation and invoice, counter, audit chain.
 * The counter is taken as late as possible, because all invoices of a seller wait for it.
 */
export async function issueInvoice(
  tx: LedgerTransaction,
  ctx: Ctx,
  input: FinalizeDraftInput,
  books: VerifiedBooks,
): Promise<Invoice> {
  const state = await findInvoiceState(tx, input.organisation_id, input.id, true);
  if (!state) throw notFound('invoice');
  const { invoice: draft, account } = state;
  assertDraft(draft);
  assertQuarantineAllowed(state.quarantined, input.allow_quarantined);
  const issuedAt = Math.max(ctx.now, input.now);
  const options = { invoiceId: draft.id, at: issuedAt, lock: 'share' } as const;
  const loaded = await loadInvoice(tx, account, periodOfInvoice(draft), options);
  const partOf = partsOfLateUsage(loaded.billing);
  const lateEvents = await listLateEvents(tx, draft.organisation_id, partOf);
  const templates = await findDefaultTemplates(tx, draft.organisation_id);

  const decision = decideInvoice(loaded, input.expected_total);
  if (decision.refusals.issue) throw decision.refusals.issue;
  const lateProofs = proofsOfClaims(lateEvents, partOf, decision.claims);
  const line_items = proveLines(decision.content.line_items, books.days, lateProofs);
  const templateId = (templates.pdf ?? templates.html)?.id;
  const unnumbered = issuedOf(draft, account, { ...decision.content, line_items }, issuedAt, templateId);

  const saved = await saveProposals(tx, ctx, decision.proposals, draft.id);
  if (loaded.billing.adjustments.length > 0) await claimAdjustments(tx, draft, decision, saved);
  const lineIds = line_items.map(() => uuidv7(ctx.now));
  await replaceLines(tx, unnumbered, lineIds);
  await insertCarried(tx, carriedBy(draft, decision.carried, ctx.now), ctx.now);
  const invoice_number = await takeDocumentNumber(tx, account.seller, account.seller.series, issuedAt);
  const invoice = { ...unnumbered, invoice_number };
  await updateDraft(tx, invoice);
  await issueDocument(tx, ctx, {
    organisation_id: invoice.organisation_id,
    invoice_id: invoice.id,
    credit_note_id: null,
    recipient: account.buyer.billing_email,
    model: documentOfInvoice(invoice, account, decision.legal_notes, templates, loaded.billing),
  });
  for (const entry of saved.audit) await appendAudit(tx, ctx, entry);
  await announce(tx, ctx, invoice, {
    quarantined: state.quarantined,
    allow_quarantined: input.allow_quarantined ?? false,
  });
  return invoice;
}

export function assertQuarantineAllowed(quarantined: number, allowed = false): void {
  if (quarantined === 0 || allowed) return;
  throw new AppError(
    'quarantine_not_empty',
    `The organisation has ${quarantined} events in quarantine. Resolve them, or finalize with allow_quarantined.`,
  );
}

function issuedOf(
  draft: InvoiceRow,
  account: Account,
  content: InvoiceContent,
  issuedAt: number,
  templateId: string | undefined,
): Invoice {
  const issueDay = dayOf(issuedAt, account.organisation_timezone);
  return {
    ...draft,
    ...content,
    ...openBalance({ status: 'finalized', total: content.total, currency: draft.currency }),
    billing_entity_id: account.billing_entity_id,
    status: 'finalized',
    template_id: templateId ?? null,
    issued_at: formatInstant(issuedAt),
    due_date: addDays(issueDay, account.payment_terms_days),
    updated_at: formatInstant(issuedAt),
  };
}

const carriedBy = (
  { organisation_id, id }: InvoiceRow,
  carried: readonly CarriedQuantity[],
  now: number,
): CarriedRow[] =>
  carried.map((quantity) => ({
    organisation_id,
    id: uuidv7(now),
    ...quantity,
    source_invoice_id: id,
    source_credit_note_id: null,
  }));

async function announce(
  tx: LedgerTransaction,
  ctx: Ctx,
  invoice: Invoice,
  quarantine: { readonly quarantined: number; readonly allow_quarantined: boolean },
): Promise<void> {
  const { organisation_id, id, invoice_number, total, currency } = invoice;
  await insertOutbox(tx, {
    organisation_id,
    id: uuidv7(ctx.now),
    topic: 'invoice.finalized',
    payload: { invoice_id: id, invoice_number, total, currency },
    created_at: formatInstant(ctx.now),
  });
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'invoice',
    entity_id: id,
    action: 'invoice.finalize',
    changes: { invoice_number, total, currency, ...quarantine },
  });
}
