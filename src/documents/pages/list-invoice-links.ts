import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type InvoiceLink, listLinks } from './link-store.ts';

export interface InvoiceLinkFilter {
  readonly organisation_id?: string | undefined;
  readonly invoice_id?: string | undefined;
}

export const listInvoiceLinks = (
  ctx: Ctx,
  filter: InvoiceLinkFilter,
  page: PageInput,
): Promise<Page<InvoiceLink>> => readWithin(ctx, filter, (tx, narrowed) => listLinks(tx, narrowed, page));
