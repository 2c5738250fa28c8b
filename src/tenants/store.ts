/** The SQL of organisations, projects and project API keys. */
import { eq, sql } from 'drizzle-orm';
import type { Page, PageInput } from '../core/page.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import { apiKeys, billingCalendars, billingEntities, organisations, projects } from '../db/tables/tenants.ts';

export type Organisation = typeof organisations.$inferSelect;
export type NewOrganisation = typeof organisations.$inferInsert;
export type BillingEntity = typeof billingEntities.$inferSelect;
export type NewBillingEntity = typeof billingEntities.$inferInsert;
export type Project = typeof projects.$inferSelect;
export type ApiKey = Omit<typeof apiKeys.$inferSelect, 'key_hash'>;

export async function findOrganisation(tx: LedgerTransaction, id: string): Promise<Organisation | null> {
  const [row] = await tx.orm.select().from(organisations).where(eq(organisations.id, id));
  return row ?? null;
}

export async function findOrganisationLocked(
  tx: LedgerTransaction,
  id: string,
): Promise<Organisation | null> {
  const [row] = await tx.orm
    .select()
    .from(organisations)
    .where(eq(organisations.id, id))
    .for('no key update');
  return row ?? null;
}

export async function insertOrganisation(tx: LedgerTransaction, row: NewOrganisation): Promise<Organisation> {
  const [inserted] = await tx.orm.insert(organisations).values(row).returning();
  if (!inserted) throw new Error('the organisation was not inserted');
  return inserted;
}

/** Every change that the edge must learn of also moves the publication version: `published` says so. */
export async function updateOrganisation(
  tx: LedgerTransaction,
  id: string,
  changes: Partial<NewOrganisation>,
  published: boolean,
): Promise<Organisation> {
  const [updated] = await tx.orm
    .update(organisations)
    .set({
      ...changes,
      updated_at: sql`now()`,
      ...(published ? { publication_version: sql`publication_version + 1` } : {}),
    })
    .where(eq(organisations.id, id))
    .returning();
  if (!updated) throw new Error('the organisation was not updated');
  return updated;
}

export async function touchPublication(tx: LedgerTransaction, organisationId: string): Promise<void> {
  await updateOrganisation(tx, organisationId, {}, true);
}

export const listOrganisations = (tx: LedgerTransaction, page: PageInput): Promise<Page<Organisation>> =>
  listRows(tx, { select: '*', from: 'organisations', filters: [], key: 'id', order: 'asc' }, page);

/** How many organisations each shard has; shards without one are absent. */
export async function countOrganisationsByShard(tx: LedgerTransaction): Promise<Map<number, number>> {
  const rows = await tx.query<{ shard: number; n: number }>(
    'SELECT shard, count(*) AS n FROM organisations GROUP BY shard',
  );
  return new Map(rows.map((row) => [row.shard, row.n]));
}

export async function findBillingEntityId(
  tx: LedgerTransaction,
  id: string | undefined,
): Promise<string | null> {
  const [row] = await tx.orm
    .select({ id: billingEntities.id })
    .from(billingEntities)
    .where(id === undefined ? eq(billingEntities.is_default, true) : eq(billingEntities.id, id));
  return row?.id ?? null;
}

export async function findBillingEntity(tx: LedgerTransaction, id: string): Promise<BillingEntity | null> {
  const [row] = await tx.orm.select().from(billingEntities).where(eq(billingEntities.id, id));
  return row ?? null;
}

/**
 * All who may move the default wait here for one another: the first row is always there. Only then do they look who the
 * default is: a statement that had begun before would not see the one that was just made.
 */
export async function lockDefaultBillingEntity(tx: LedgerTransaction): Promise<void> {
  await tx.execute('SELECT 1 FROM billing_entities ORDER BY id LIMIT 1 FOR NO KEY UPDATE');
}

export async function findBillingEntityLocked(
  tx: LedgerTransaction,
  id: string,
): Promise<BillingEntity | null> {
  await lockDefaultBillingEntity(tx);
  const [row] = await tx.orm
    .select()
    .from(billingEntities)
    .where(eq(billingEntities.id, id))
    .for('no key update');
  return row ?? null;
}

export async function insertBillingEntity(
  tx: LedgerTransaction,
  row: NewBillingEntity,
): Promise<BillingEntity> {
  const [inserted] = await tx.orm.insert(billingEntities).values(row).returning();
  if (!inserted) throw new Error('the billing entity was not inserted');
  return inserted;
}

export async function setBillingEntity(
  tx: LedgerTransaction,
  id: string,
  changes: Partial<NewBillingEntity>,
): Promise<BillingEntity> {
  const [updated] = await tx.orm
    .update(billingEntities)
    .set({ ...changes, updated_at: sql`now()` })
    .where(eq(billingEntities.id, id))
    .returning();
  if (!updated) throw new Error('the billing entity was not updated');
  return updated;
}

export async function clearDefaultBillingEntity(tx: LedgerTransaction): Promise<void> {
  await tx.execute('UPDATE billing_entities SET is_default = false, updated_at = now() WHERE is_default');
}

export const listBillingEntities = (tx: LedgerTransaction, page: PageInput): Promise<Page<BillingEntity>> =>
  listRows(tx, { select: '*', from: 'billing_entities', filters: [], key: 'id', order: 'asc' }, page);

/** Zone and currency from a month on; a later word for the same month replaces an earlier one. */
export async function upsertCalendarEntry(
  tx: LedgerTransaction,
  row: typeof billingCalendars.$inferInsert,
): Promise<void> {
  await tx.orm
    .insert(billingCalendars)
    .values(row)
    .onConflictDoUpdate({
      target: [billingCalendars.organisation_id, billingCalendars.from_year, billingCalendars.from_month],
      set: { timezone: row.timezone, currency: row.currency },
    });
}

export async function findProject(tx: LedgerTransaction, id: string): Promise<Project | null> {
  const [row] = await tx.orm.select().from(projects).where(eq(projects.id, id));
  return row ?? null;
}

export async function insertProject(
  tx: LedgerTransaction,
  row: typeof projects.$inferInsert,
): Promise<Project> {
  const [inserted] = await tx.orm.insert(projects).values(row).returning();
  if (!inserted) throw new Error('the project was not inserted');
  return inserted;
}

export async function updateProject(
  tx: LedgerTransaction,
  id: string,
  changes: Partial<typeof projects.$inferInsert>,
): Promise<Project> {
  const [updated] = await tx.orm
    .update(projects)
    .set({ ...changes, updated_at: sql`now()` })
    .where(eq(projects.id, id))
    .returning();
  if (!updated) throw new Error('the project was not updated');
  return updated;
}

export const listProjects = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; external_key?: string | undefined },
  page: PageInput,
): Promise<Page<Project>> =>
  listRows(
    tx,
    {
      select: '*',
      from: 'projects',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['external_key =', filter.external_key],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

const withoutHash = ({ key_hash: _, ...row }: typeof apiKeys.$inferSelect): ApiKey => row;

export async function findApiKey(tx: LedgerTransaction, id: string): Promise<ApiKey | null> {
  const [row] = await tx.orm.select().from(apiKeys).where(eq(apiKeys.id, id));
  return row ? withoutHash(row) : null;
}

export async function insertApiKey(tx: LedgerTransaction, row: typeof apiKeys.$inferInsert): Promise<ApiKey> {
  const [inserted] = await tx.orm.insert(apiKeys).values(row).returning();
  if (!inserted) throw new Error('the key was not inserted');
  return withoutHash(inserted);
}

export async function revokeApiKeyRow(tx: LedgerTransaction, id: string, now: string): Promise<ApiKey> {
  const [updated] = await tx.orm
    .update(apiKeys)
    .set({ is_active: false, revoked_at: now, updated_at: sql`now()` })
    .where(eq(apiKeys.id, id))
    .returning();
  if (!updated) throw new Error('the key was not revoked');
  return withoutHash(updated);
}

const API_KEY_COLUMNS =
  'organisation_id, id, project_id, prefix, name, is_active, expires_at, revoked_at, last_used_at, created_at, updated_at';

export const listApiKeys = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; project_id?: string | undefined },
  page: PageInput,
): Promise<Page<ApiKey>> =>
  listRows(
    tx,
    {
      select: API_KEY_COLUMNS,
      from: 'api_keys',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['project_id =', filter.project_id],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

/** The organisation of a row by the row's id alone, of those that the transaction sees; then enter the tenant. */
export async function findOwner(
  tx: LedgerTransaction,
  table:
    | 'projects'
    | 'api_keys'
    | 'invoices'
    | 'payments'
    | 'discounts'
    | 'credit_notes'
    | 'invoice_links'
    | 'users',
  id: string,
): Promise<string | null> {
  const [row] = await tx.query<{ organisation_id: string }>(
    `SELECT organisation_id FROM ${table} WHERE id = $1`,
    [id],
  );
  return row?.organisation_id ?? null;
}
