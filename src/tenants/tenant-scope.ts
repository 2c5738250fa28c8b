/** How a verb finds the tenant transaction for an id that does not name its organisation. */
import { notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, type Reach, tenant } from '../db/ledger.ts';
import { findOwner } from './store.ts';

const NOUNS = {
  projects: 'project',
  api_keys: 'API key',
  invoices: 'invoice',
  payments: 'payment',
  discounts: 'discount',
  credit_notes: 'credit note',
  invoice_links: 'invoice link',
  users: 'user',
} as const;

/**
 * Runs `work` inside the tenant that owns the row; `not_found` where no tenant does. With a project key the search
 * stays inside the key's own organisation, so a foreign id answers like an unknown one.
 */
export async function withOwner<T>(
  ctx: Ctx,
  table: keyof typeof NOUNS,
  id: string,
  work: (tx: LedgerTransaction, organisationId: string) => Promise<T>,
): Promise<T> {
  if (!isUuid(id)) throw notFound(NOUNS[table]);
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const organisationId = await findOwner(tx, table, id);
    if (organisationId === null) throw notFound(NOUNS[table]);
    await tx.enter(tenant(organisationId));
    return await work(tx, organisationId);
  });
}

/** Reads of an admin: within one organisation where one is named, else over all. */
export const reachOf = (organisationId: string | undefined): Reach =>
  organisationId === undefined ? PLATFORM : tenant(organisationId);
