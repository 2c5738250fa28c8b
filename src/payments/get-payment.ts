import { notFound } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import type { Payment } from './payment.ts';
import { findPayment } from './store.ts';

/** Throws `not_found`. */
export const getPayment = (ctx: Ctx, { id }: { readonly id: string }): Promise<Payment> =>
  withOwner(ctx, 'payments', id, async (tx, organisationId) => {
    const payment = await findPayment(tx, organisationId, id);
    if (!payment) throw notFound('payment');
    return payment;
  });
