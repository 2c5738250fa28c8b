/** The SQL of organisations, projects and project API keys. */
import type { Page, PageInput } from '../core/page.ts';
import { columns, expression, insertOf, matching, NOW, type RowOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import type { NewRow, Row } from '../db/rows.ts';

export type Organisation = Row<'organisations'>;
export type NewOrganisation = NewRow<'organisations'>;
export type BillingEntity = Row<'billing_entities'>;
export type NewBillingEntity = NewRow<'billing_entities'>;
export type Project = Row<'projects'>;

/** All columns except the hash. */
const API_KEY = columns('api_keys', [
  'organisation_id',
  'id',
  'project_id',
  'prefix',
  'name',
  'is_active',
  'expires_at',
  'revoked_at',
  'last_used_at',
  'created_at',
  'updated_at',
]);
export type ApiKey = RowOf<typeof API_KEY>;

export async function findOrganisation(tx: LedgerTransaction, id: string): Promise<Organisation | null> {
  const [row] = await tx.query<Organisation>('SELECT * FROM organisations WHERE id = $1', [id]);
  return row ?? null;
}

export async function findOrganisationLocked(
  tx: LedgerTransaction,
  id: string,
): Promise<Organisation | null> {
  const [row] = await tx.query<Organisation>('SELECT * FROM organisations WHERE id = $1 FOR NO KEY UPDATE', [
    id,
  ]);
  return row ?? null;
}

export async function insertOrganisation(tx: LedgerTransaction, row: NewOrganisation): Promise<Organisation> {
  const { text, values } = insertOf('organisations', row);
  const [inserted] = await tx.query<Organisation>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the organisation was not inserted');
  return inserted;
}

/** `published`: the change must reach the edge, so it also increments the publication version. */
export async function updateOrganisationRow(
  tx: LedgerTransaction,
  id: string,
  changes: Partial<NewOrganisation>,
  published: boolean,
): Promise<Organisation> {
  const { text, values } = updateOf(
    'organisations',
    {
      ...changes,
      updated_at: NOW,
      ...(published && { publication_version: expression('publication_version + 1') }),
    },
    { id },
  );
  const [updated] = await tx.query<Organisation>(`${text} RETURNING *`, values);
  if (!updated) throw new Error('the organisation was not updated');
  return updated;
}

export async function touchPublication(tx: LedgerTransaction, organisationId: string): Promise<void> {
  await updateOrganisationRow(tx, organisationId, {}, true);
}

export const listOrganisations = (tx: LedgerTransaction, page: PageInput): Promise<Page<Organisation>> =>
  listRows<Organisation>(
    tx,
    { select: '*', from: 'organisations', filters: [], key: 'id', order: 'asc' },
    page,
  );

/** The number of organisations per shard; shards without any are absent. */
export async function countOrganisationsByShard(tx: LedgerTransaction): Promise<Map<number, number>> {
  const rows = await tx.query<Pick<Organisation, 'shard'> & { n: number }>(
    'SELECT shard, count(*) AS n FROM organisations GROUP BY shard',
  );
  return new Map(rows.map((row) => [row.shard, row.n]));
}

export async function findBillingEntityId(
  tx: LedgerTransaction,
  id: string | undefined,
): Promise<string | null> {
  const [row] = await tx.query<Pick<BillingEntity, 'id'>>(
    `SELECT id FROM billing_entities WHERE ${id === undefined ? 'is_default' : 'id = $1'}`,
    id === undefined ? [] : [id],
  );
  return row?.id ?? null;
}

export async function findBillingEntity(tx: LedgerTransaction, id: string): Promise<BillingEntity | null> {
  const [row] = await tx.query<BillingEntity>('SELECT * FROM billing_entities WHERE id = $1', [id]);
  return row ?? null;
}

/**
 * Serialises all changes of the default seller: the first row always exists, and its lock is the queue. The
 * default is read only after the lock: a statement begun earlier would not see the one just set.
 */
export async function lockDefaultBillingEntity(tx: LedgerTransaction): Promise<void> {
  await tx.execute('SELECT 1 FROM billing_entities ORDER BY id LIMIT 1 FOR NO KEY UPDATE');
}

export async function findBillingEntityLocked(
  tx: LedgerTransaction,
  id: string,
): Promise<BillingEntity | null> {
  await lockDefaultBillingEntity(tx);
  const [row] = await tx.query<BillingEntity>(
    'SELECT * FROM billing_entities WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  return row ?? null;
}

export async function insertBillingEntity(
  tx: LedgerTransaction,
  row: NewBillingEntity,
): Promise<BillingEntity> {
  const { text, values } = insertOf('billing_entities', row);
  const [inserted] = await tx.query<BillingEntity>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the billing entity was not inserted');
  return inserted;
}

export async function setBillingEntity(
  tx: LedgerTransaction,
  id: string,
  changes: Partial<NewBillingEntity>,
): Promise<BillingEntity> {
  const { text, values } = updateOf('billing_entities', { ...changes, updated_at: NOW }, { id });
  const [updated] = await tx.query<BillingEntity>(`${text} RETURNING *`, values);
  if (!updated) throw new Error('the billing entity was not updated');
  return updated;
}

export async function clearDefaultBillingEntity(tx: LedgerTransaction): Promise<void> {
  await tx.execute('UPDATE billing_entities SET is_default = false, updated_at = now() WHERE is_default');
}

export const listBillingEntities = (tx: LedgerTransaction, page: PageInput): Promise<Page<BillingEntity>> =>
  listRows<BillingEntity>(
    tx,
    { select: '*', from: 'billing_entities', filters: [], key: 'id', order: 'asc' },
    page,
  );

/** Zone and currency from a month on; a later entry for the same month replaces an earlier one. */
export async function upsertCalendarEntry(
  tx: LedgerTransaction,
  row: NewRow<'billing_calendars'>,
): Promise<void> {
  const { text, values } = insertOf('billing_calendars', row);
  await tx.execute(
    `${text} ON CONFLICT (organisation_id, from_year, from_month)
     DO UPDATE SET timezone = excluded.timezone, currency = excluded.currency`,
    values,
  );
}

export async function findProject(tx: LedgerTransaction, id: string): Promise<Project | null> {
  const [row] = await tx.query<Project>('SELECT * FROM projects WHERE id = $1', [id]);
  return row ?? null;
}

export async function insertProject(tx: LedgerTransaction, row: NewRow<'projects'>): Promise<Project> {
  const { text, values } = insertOf('projects', row);
  const [inserted] = await tx.query<Project>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the project was not inserted');
  return inserted;
}

export async function updateProjectRow(
  tx: LedgerTransaction,
  id: string,
  changes: Partial<NewRow<'projects'>>,
): Promise<Project> {
  const { text, values } = updateOf('projects', { ...changes, updated_at: NOW }, { id });
  const [updated] = await tx.query<Project>(`${text} RETURNING *`, values);
  if (!updated) throw new Error('the project was not updated');
  return updated;
}

export const listProjects = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; external_key?: string | undefined },
  page: PageInput,
): Promise<Page<Project>> =>
  listRows<Project>(
    tx,
    {
      select: '*',
      from: 'projects',
      filters: matching('projects', filter, ['organisation_id', 'external_key']),
      key: 'id',
      order: 'asc',
    },
    page,
  );

export async function findApiKey(tx: LedgerTransaction, id: string): Promise<ApiKey | null> {
  const [row] = await tx.query<ApiKey>(`SELECT ${API_KEY} FROM api_keys WHERE id = $1`, [id]);
  return row ?? null;
}

export async function insertApiKey(tx: LedgerTransaction, row: NewRow<'api_keys'>): Promise<ApiKey> {
  const { text, values } = insertOf('api_keys', row);
  const [inserted] = await tx.query<ApiKey>(`${text} RETURNING ${API_KEY}`, values);
  if (!inserted) throw new Error('the key was not inserted');
  return inserted;
}

export async function revokeApiKeyRow(tx: LedgerTransaction, id: string, now: string): Promise<ApiKey> {
  const revoked = { is_active: false, revoked_at: now, updated_at: NOW };
  const { text, values } = updateOf('api_keys', revoked, { id });
  const [updated] = await tx.query<ApiKey>(`${text} RETURNING ${API_KEY}`, values);
  if (!updated) throw new Error('the key was not revoked');
  return updated;
}

export const listApiKeys = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; project_id?: string | undefined },
  page: PageInput,
): Promise<Page<ApiKey>> =>
  listRows<ApiKey>(
    tx,
    {
      select: API_KEY,
      from: 'api_keys',
      filters: matching('api_keys', filter, ['organisation_id', 'project_id']),
      key: 'id',
      order: 'asc',
    },
    page,
  );

type OwnedTable =
  | 'projects'
  | 'api_keys'
  | 'invoices'
  | 'payments'
  | 'discounts'
  | 'credit_notes'
  | 'invoice_links'
  | 'users';

/**
 * The organisation that owns a row, by the row's id alone, among those that the transaction can see; then
 * enter the tenant.
 */
export async function findOwner(
  tx: LedgerTransaction,
  table: OwnedTable,
  id: string,
): Promise<string | null> {
  const [row] = await tx.query<Pick<Row<OwnedTable>, 'organisation_id'>>(
    `SELECT organisation_id FROM ${table} WHERE id = $1`,
    [id],
  );
  return row?.organisation_id ?? null;
}
