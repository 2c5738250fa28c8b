import { readVisible, readWithin } from '../access/reach.ts';
import { notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { findOrganisation, listOrganisations as listOrganisationRows, type Organisation } from './store.ts';

export const listOrganisations = (ctx: Ctx, page: PageInput): Promise<Page<Organisation>> =>
  readVisible(ctx, (tx) => listOrganisationRows(tx, page));

/** Throws `not_found`. */
export async function getOrganisation(ctx: Ctx, { id }: { readonly id: string }): Promise<Organisation> {
  const found = isUuid(id)
    ? await readWithin(ctx, { organisation_id: id }, (tx) => findOrganisation(tx, id))
    : null;
  if (!found) throw notFound('organisation');
  return found;
}
