import { appendAudit } from '../../access/audit/append-audit.ts';
import { AppError, assert, invalidRequest, notFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { DAY_MS, formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, tenant } from '../../db/ledger.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { signLink } from './invoice-link.ts';
import {
  findLiveLink,
  findWhetherIssued,
  type InvoiceLink,
  insertLink,
  listLinkSecretsFor,
} from './link-store.ts';

const LIFE_MS = 90 * DAY_MS;
const LIFE_MAX_MS = 731 * DAY_MS;
/** The minimum remaining lifetime of a link in an e-mail. */
const LIFE_LEFT_MS = 30 * DAY_MS;

export interface CreateInvoiceLinkInput {
  readonly invoice_id: string;
  /** Epoch milliseconds; default: 90 days from now; at most two years ahead. */
  readonly expires_at?: number | undefined;
}

export interface InvoiceLinkWithUrl extends InvoiceLink {
  readonly url: string;
}

/**
 * Throws `not_found`, `invalid_request` if the expiry is out of range, `invalid_state` if the invoice was not
 * issued.
 */
export async function createInvoiceLink(
  ctx: Ctx,
  { invoice_id, expires_at = ctx.now + LIFE_MS }: CreateInvoiceLinkInput,
): Promise<InvoiceLinkWithUrl> {
  if (expires_at <= ctx.now || expires_at > ctx.now + LIFE_MAX_MS) {
    const detail = 'Must be in the future and at most two years ahead.';
    throw invalidRequest([{ pointer: '/expires_at', code: 'out_of_range', detail }]);
  }
  return await withOwner(ctx, 'invoices', invoice_id, async (tx, organisation_id) => {
    const link = await addLink(ctx, tx, { organisation_id, invoice_id, expires_at });
    return { ...link, url: await urlOf(ctx, tx, link) };
  });
}

/**
 * The page address of an invoice for an e-mail: a link with at least 30 days left, else a new one. Throws
 * `not_found` and `invalid_state`. Opens its own transaction.
 */
export const linkFor = (
  ctx: Ctx,
  { organisation_id, invoice_id }: { readonly organisation_id: string; readonly invoice_id: string },
): Promise<string> =>
  ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
    const beyond = formatInstant(ctx.now + LIFE_LEFT_MS);
    const link =
      (await findLiveLink(tx, organisation_id, invoice_id, beyond)) ??
      (await addLink(ctx, tx, { organisation_id, invoice_id, expires_at: ctx.now + LIFE_MS }));
    return await urlOf(ctx, tx, link);
  });

async function addLink(
  ctx: Ctx,
  tx: LedgerTransaction,
  of: { readonly organisation_id: string; readonly invoice_id: string; readonly expires_at: number },
): Promise<InvoiceLink> {
  const isIssued = await findWhetherIssued(tx, of.organisation_id, of.invoice_id);
  if (isIssued === null) throw notFound('invoice');
  if (!isIssued)
    throw new AppError(
      'invalid_state',
      'Only an issued invoice can have a link. Finalize the invoice first.',
    );
  const link: InvoiceLink = {
    ...of,
    id: uuidv7(ctx.now),
    expires_at: formatInstant(of.expires_at),
    revoked_at: null,
    created_at: formatInstant(ctx.now),
  };
  await insertLink(tx, link);
  await appendAudit(tx, ctx, {
    organisation_id: of.organisation_id,
    entity_type: 'invoice_link',
    entity_id: link.id,
    action: 'invoice_link.create',
    changes: { invoice_id: link.invoice_id, expires_at: link.expires_at },
  });
  return link;
}

async function urlOf(ctx: Ctx, tx: LedgerTransaction, link: InvoiceLink): Promise<string> {
  const [secret] = await listLinkSecretsFor(tx, link.organisation_id);
  assert(secret !== undefined, 'the key that signs links exists');
  return `${ctx.publicUrl}/i/${await signLink(secret, link)}`;
}
