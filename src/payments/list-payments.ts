import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { reachOf } from '../tenants/tenant-scope.ts';
import type { Payment } from './payment.ts';
import { listPaymentRows, type PaymentFilter } from './store.ts';

/** In the order of their ids, which is that of their making to the millisecond. */
export const listPayments = (ctx: Ctx, filter: PaymentFilter, page: PageInput): Promise<Page<Payment>> =>
  ctx.ledger.transaction(reachOf(filter.organisation_id), (tx) => listPaymentRows(tx, filter, page));
