import { notFound } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import type { CreditNoteDetail } from './credit-note.ts';
import { findCreditNote } from './credit-store.ts';
import { listCreditedAdjustments } from './credit-usage-store.ts';

/** Throws `not_found`. */
export const getCreditNote = (ctx: Ctx, { id }: { readonly id: string }): Promise<CreditNoteDetail> =>
  withOwner(ctx, 'credit_notes', id, async (tx, organisationId) => {
    const note = await findCreditNote(tx, organisationId, id);
    if (!note) throw notFound('credit note');
    return { ...note, adjustments: await listCreditedAdjustments(tx, organisationId, id) };
  });
