import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { reachOf } from '../tenants/tenant-scope.ts';
import type { Invoice } from './invoice.ts';
import { type InvoiceFilter, listInvoiceRows } from './store.ts';

/** In the order of their ids, which is that of their making to the millisecond. */
export const listInvoices = (ctx: Ctx, filter: InvoiceFilter, page: PageInput): Promise<Page<Invoice>> =>
  ctx.ledger.transaction(reachOf(filter.organisation_id), (tx) => listInvoiceRows(tx, filter, page));
