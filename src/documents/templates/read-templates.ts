import { getVisible, readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { InvoiceTemplate, TemplateType } from './invoice-template.ts';
import { findTemplate, listTemplates as listTemplateRows } from './template-store.ts';

export interface TemplateFilter {
  readonly organisation_id?: string | undefined;
  readonly template_type?: TemplateType | undefined;
}

export const listTemplates = (
  ctx: Ctx,
  filter: TemplateFilter,
  page: PageInput,
): Promise<Page<InvoiceTemplate>> =>
  readWithin(ctx, filter, (tx, narrowed) => listTemplateRows(tx, narrowed, page));

/** Throws `not_found`. */
export const getTemplate = (ctx: Ctx, { id }: { readonly id: string }): Promise<InvoiceTemplate> =>
  getVisible(ctx, 'invoice template', id, findTemplate);
