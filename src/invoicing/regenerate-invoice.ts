import { appendAudit } from '../audit/append-audit.ts';
import { notFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import { buildInvoice } from './build-invoice.ts';
import { assertDraft, assertInvoiceable, claimAdjustments } from './draft.ts';
import type { Invoice } from './invoice.ts';
import { loadBilling, periodOfInvoice } from './load-billing.ts';
import { findInvoiceState, replaceLines, updateDraft } from './store.ts';

/** Builds a draft anew from what the ledger holds now. Throws `not_found`, `invalid_state`, and what createInvoice does. */
export const regenerateInvoice = (ctx: Ctx, { id }: { readonly id: string }): Promise<Invoice> =>
  withOwner(ctx, 'invoices', id, async (tx, organisationId) => {
    const state = await findInvoiceState(tx, organisationId, id, true);
    if (!state) throw notFound('invoice');
    assertDraft(state.invoice);
    const built = buildInvoice(await loadBilling(tx, periodOfInvoice(state.invoice), id));
    assertInvoiceable(built);

    const invoice: Invoice = {
      ...state.invoice,
      billing_entity_id: state.account.billing_entity_id,
      total: built.total,
      unpriced: built.unpriced,
      updated_at: formatInstant(ctx.now),
      line_items: built.lines,
    };
    await claimAdjustments(tx, invoice, built);
    await replaceLines(
      tx,
      invoice,
      invoice.line_items.map(() => uuidv7(ctx.now)),
    );
    await updateDraft(tx, invoice);
    await appendAudit(tx, ctx, {
      organisation_id: organisationId,
      entity_type: 'invoice',
      entity_id: id,
      action: 'invoice.regenerate',
      changes: { total: { from: state.invoice.total, to: invoice.total } },
    });
    return invoice;
  });
