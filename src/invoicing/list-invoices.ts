import { readWithin } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import type { Invoice } from './invoice.ts';
import { type InvoiceFilter, listInvoiceRows } from './store.ts';

/** Sorted by id, which is the order of creation to the millisecond. */
export const listInvoices = (ctx: Ctx, filter: InvoiceFilter, page: PageInput): Promise<Page<Invoice>> =>
  readWithin(ctx, filter, (tx, narrowed) => listInvoiceRows(tx, narrowed, page));
