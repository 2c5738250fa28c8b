import { appendAudit } from '../../access/audit/append-audit.ts';
import { notFound } from '../../core/error.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { findLink, type InvoiceLink, setLinkRevoked } from './link-store.ts';

/** Revokes the link immediately. Repeating it changes nothing. Throws `not_found`. */
export const revokeInvoiceLink = (ctx: Ctx, { id }: { readonly id: string }): Promise<InvoiceLink> =>
  withOwner(ctx, 'invoice_links', id, async (tx, organisation_id) => {
    const link = await findLink(tx, id, 'update');
    if (!link) throw notFound('invoice link');
    if (link.revoked_at !== null) return link;
    const revoked_at = formatInstant(ctx.now);
    await setLinkRevoked(tx, id, revoked_at);
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'invoice_link',
      entity_id: id,
      action: 'invoice_link.revoke',
      changes: { invoice_id: link.invoice_id },
    });
    return { ...link, revoked_at };
  });
