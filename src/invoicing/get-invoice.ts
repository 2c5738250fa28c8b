import { notFound } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import type { Invoice } from './invoice.ts';
import { findInvoice } from './store.ts';

/** Throws `not_found`. */
export const getInvoice = (ctx: Ctx, { id }: { readonly id: string }): Promise<Invoice> =>
  withOwner(ctx, 'invoices', id, async (tx, organisationId) => {
    const invoice = await findInvoice(tx, organisationId, id);
    if (!invoice) throw notFound('invoice');
    return invoice;
  });
