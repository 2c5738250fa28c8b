import { readWithin } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import type { Payment } from './payment.ts';
import { listPaymentRows, type PaymentFilter } from './store.ts';

/** Sorted by id, which is the order of creation to the millisecond. */
export const listPayments = (ctx: Ctx, filter: PaymentFilter, page: PageInput): Promise<Page<Payment>> =>
  readWithin(ctx, filter, (tx, narrowed) => listPaymentRows(tx, narrowed, page));
