/** The SQL of customers' invoice links, and of the keys that sign them. */
import type { Page, PageInput } from '../../core/page.ts';
import { columns, insertOf, matching, pick, type RowOf, updateOf } from '../../db/columns.ts';
import { type LedgerTransaction, PLATFORM, tenant } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';

const NAMES = ['organisation_id', 'id', 'invoice_id', 'expires_at', 'revoked_at', 'created_at'] as const;
const LINK = columns('invoice_links', NAMES);
export type InvoiceLink = Readonly<RowOf<typeof LINK>>;

export async function insertLink(tx: LedgerTransaction, link: InvoiceLink): Promise<void> {
  const { text, values } = insertOf('invoice_links', pick(link, NAMES));
  await tx.execute(text, values);
}

/** Finds a link by id only, with platform reach: the reader has nothing but the link. */
export async function findLink(
  tx: LedgerTransaction,
  id: string,
  lock: 'update' | 'none' = 'none',
): Promise<InvoiceLink | null> {
  const [row] = await tx.query<InvoiceLink>(
    `SELECT ${LINK} FROM invoice_links WHERE id = $1 ${lock === 'update' ? 'FOR UPDATE' : ''}`,
    [id],
  );
  return row ?? null;
}

/** The link that expires last, if it is valid beyond an instant. */
export async function findLiveLink(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
  beyond: string,
): Promise<InvoiceLink | null> {
  const [row] = await tx.query<InvoiceLink>(
    `SELECT ${LINK} FROM invoice_links
     WHERE organisation_id = $1 AND invoice_id = $2 AND revoked_at IS NULL AND expires_at >= $3
     ORDER BY expires_at DESC, id LIMIT 1`,
    [organisationId, invoiceId, beyond],
  );
  return row ?? null;
}

export async function setLinkRevoked(tx: LedgerTransaction, id: string, now: string): Promise<void> {
  const { text, values } = updateOf('invoice_links', { revoked_at: now }, { id });
  await tx.execute(text, values);
}

export const listLinks = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; invoice_id?: string | undefined },
  page: PageInput,
): Promise<Page<InvoiceLink>> =>
  listRows<InvoiceLink>(
    tx,
    {
      select: LINK,
      from: 'invoice_links',
      filters: matching('invoice_links', filter, ['organisation_id', 'invoice_id']),
      key: 'id',
      order: 'asc',
    },
    page,
  );

/** Whether the invoice was issued; null if the organisation has no such invoice. */
export async function findWhetherIssued(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<boolean | null> {
  const [row] = await tx.query<{ is_issued: boolean }>(
    `SELECT invoice_number IS NOT NULL AS is_issued FROM invoices WHERE organisation_id = $1 AND id = $2`,
    [organisationId, invoiceId],
  );
  return row?.is_issued ?? null;
}

/** The active secrets, newest first. The newest signs, all of them verify. */
export async function listLinkSecrets(tx: LedgerTransaction): Promise<string[]> {
  const rows = await tx.query<Pick<Row<'signing_keys'>, 'secret'>>(
    `SELECT secret FROM signing_keys WHERE purpose = 'invoice_link' AND retired_at IS NULL
     ORDER BY created_at DESC, id DESC`,
  );
  return rows.map(({ secret }) => secret);
}

/** The same from within a tenant's transaction, which cannot read keys. */
export async function listLinkSecretsFor(tx: LedgerTransaction, organisationId: string): Promise<string[]> {
  await tx.enter(PLATFORM);
  const secrets = await listLinkSecrets(tx);
  await tx.enter(tenant(organisationId));
  return secrets;
}
