import { appendAudit } from '../access/audit/append-audit.ts';
import { notFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import { saveProposals } from './credit-notes/save-proposals.ts';
import { decideInvoice } from './decide-invoice.ts';
import { assertDraft, claimAdjustments } from './draft.ts';
import { type Invoice, openBalance } from './invoice.ts';
import { replaceLines } from './line-store.ts';
import { periodOfInvoice } from './load-billing.ts';
import { loadInvoice } from './load-invoice.ts';
import { findInvoiceState, updateDraft } from './store.ts';

/**
 * Rebuilds a draft from the ledger's current state. Throws `not_found`, `invalid_state`, and the errors of
 * createInvoice.
 */
export const regenerateInvoice = (ctx: Ctx, { id }: { readonly id: string }): Promise<Invoice> =>
  withOwner(ctx, 'invoices', id, async (tx, organisationId) => {
    const state = await findInvoiceState(tx, organisationId, id, true);
    if (!state) throw notFound('invoice');
    assertDraft(state.invoice);
    const { account } = state;
    const options = { invoiceId: id, at: ctx.now, lock: 'none' } as const;
    const loaded = await loadInvoice(tx, account, periodOfInvoice(state.invoice), options);

    const decision = decideInvoice(loaded);
    if (decision.refusals.draft) throw decision.refusals.draft;
    const { content } = decision;
    const invoice: Invoice = {
      ...state.invoice,
      ...content,
      ...openBalance({ ...state.invoice, total: content.total }),
      billing_entity_id: account.billing_entity_id,
      updated_at: formatInstant(ctx.now),
    };

    const saved = await saveProposals(tx, ctx, decision.proposals, id);
    await claimAdjustments(tx, invoice, decision, saved);
    await replaceLines(
      tx,
      invoice,
      invoice.line_items.map(() => uuidv7(ctx.now)),
    );
    await updateDraft(tx, invoice);
    for (const entry of saved.audit) await appendAudit(tx, ctx, entry);
    await appendAudit(tx, ctx, {
      organisation_id: organisationId,
      entity_type: 'invoice',
      entity_id: id,
      action: 'invoice.regenerate',
      changes: { total: { from: state.invoice.total, to: invoice.total } },
    });
    return invoice;
  });
