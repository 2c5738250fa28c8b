import { appendAudit } from '../access/audit/append-audit.ts';
import { AppError, notFound } from '../core/error.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import { setClaims, voidCarried } from './book-store.ts';
import { withdrawCreditNotes } from './credit-notes/withdraw-credit-notes.ts';
import type { Invoice } from './invoice.ts';
import { findInvoice, findInvoiceState, setCancelled } from './store.ts';

export interface CancelInvoiceInput {
  readonly id: string;
  readonly reason?: string | undefined;
}

/**
 * Cancels a draft or a finalized invoice and releases the adjustments it had claimed. A finalized invoice keeps its
 * number and its period stays closed; a new draft bills the same frozen usage. Its credit note proposals are
 * withdrawn. Throws `not_found`; `invalid_state` for any other status, if the invoice has a payment or an issued
 * credit note, and if a later invoice bills what this one carried over: cancel that one first.
 */
export const cancelInvoice = (ctx: Ctx, { id, reason }: CancelInvoiceInput): Promise<Invoice> =>
  withOwner(ctx, 'invoices', id, async (tx, organisationId) => {
    const state = await findInvoiceState(tx, organisationId, id, true);
    if (!state) throw notFound('invoice');
    const { invoice } = state;
    if (invoice.status !== 'draft' && invoice.status !== 'finalized') {
      throw new AppError('invalid_state', `The invoice is ${invoice.status} and cannot be cancelled.`);
    }
    if (invoice.status === 'finalized') await withdrawCreditNotes(tx, ctx, invoice);
    if (invoice.status === 'finalized' && (await voidCarried(tx, organisationId, id)) > 0) {
      throw new AppError(
        'invalid_state',
        'A later invoice bills a quantity carried over from this one. Cancel the later invoice first.',
      );
    }
    await setClaims(tx, organisationId, id, []);
    const now = formatInstant(ctx.now);
    await setCancelled(tx, { ...invoice, cancelled_at: now });
    await appendAudit(tx, ctx, {
      organisation_id: organisationId,
      entity_type: 'invoice',
      entity_id: id,
      action: 'invoice.cancel',
      changes: { status: { from: invoice.status, to: 'cancelled' }, reason: reason ?? null },
    });
    const cancelled = await findInvoice(tx, organisationId, id);
    if (!cancelled) throw notFound('invoice');
    return cancelled;
  });
