/** How a verb finds the tenant transaction for an id that does not include its organisation. */
import { readVisible } from '../access/reach.ts';
import { notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, tenant } from '../db/ledger.ts';
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
 * Runs `work` inside the tenant that owns the row; `not_found` if no tenant visible to the actor owns it, so
 * a foreign id looks like an unknown one.
 */
export async function withOwner<T>(
  ctx: Ctx,
  table: keyof typeof NOUNS,
  id: string,
  work: (tx: LedgerTransaction, organisationId: string) => Promise<T>,
): Promise<T> {
  if (!isUuid(id)) throw notFound(NOUNS[table]);
  return await readVisible(ctx, async (tx) => {
    const organisationId = await findOwner(tx, table, id);
    if (organisationId === null) throw notFound(NOUNS[table]);
    await tx.enter(tenant(organisationId));
    return await work(tx, organisationId);
  });
}

/** The row with this id; throws `not_found` if no tenant visible to the actor has it. */
export const getOwned = <T>(
  ctx: Ctx,
  table: keyof typeof NOUNS,
  id: string,
  find: (tx: LedgerTransaction, organisationId: string) => Promise<T | null>,
): Promise<T> =>
  withOwner(ctx, table, id, async (tx, organisationId) => {
    const found = await find(tx, organisationId);
    if (found === null) throw notFound(NOUNS[table]);
    return found;
  });
