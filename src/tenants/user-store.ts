/** The SQL of users and of the names that vendors know them by. */
import type { Page, PageInput } from '../core/page.ts';
import { textArray } from '../db/array-literal.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import { PROFILE_FIELDS, type Profile, type User, type UserIdentity } from './user.ts';

const COLUMNS = `organisation_id, id, user_id, ${PROFILE_FIELDS.join(', ')}, is_active, created_at, updated_at,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('provider', i.provider, 'external_id', i.external_id, 'label', i.label)
     ORDER BY i.provider, i.external_id), '[]') FROM user_identities i
   WHERE i.organisation_id = users.organisation_id AND i.user_row_id = users.id) AS identities`;

export async function findUser(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<User | null> {
  const [row] = await tx.query<User>(`SELECT ${COLUMNS} FROM users WHERE organisation_id = $1 AND id = $2`, [
    organisationId,
    id,
  ]);
  return row ?? null;
}

/** The row's lock first: only then does a statement see what another change left of the identities. */
export async function findUserLocked(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<User | null> {
  await tx.query('SELECT 1 FROM users WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE', [
    organisationId,
    id,
  ]);
  return await findUser(tx, organisationId, id);
}

export type NewUser = Omit<User, 'identities' | 'created_at' | 'updated_at'>;

export async function insertUser(tx: LedgerTransaction, user: NewUser): Promise<void> {
  await tx.execute(
    `INSERT INTO users (organisation_id, id, user_id, is_active, ${PROFILE_FIELDS.join(', ')})
     VALUES ($1, $2, $3, $4, ${PROFILE_FIELDS.map((_, index) => `$${index + 5}`).join(', ')})`,
    [
      user.organisation_id,
      user.id,
      user.user_id,
      user.is_active,
      ...PROFILE_FIELDS.map((name) => user[name]),
    ],
  );
}

export async function updateUserRow(
  tx: LedgerTransaction,
  {
    organisation_id,
    id,
    is_active,
    ...profile
  }: Profile & Pick<User, 'organisation_id' | 'id' | 'is_active'>,
): Promise<void> {
  await tx.execute(
    `UPDATE users SET is_active = $3, ${PROFILE_FIELDS.map((name, index) => `${name} = $${index + 4}`).join(', ')},
       updated_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2`,
    [organisation_id, id, is_active, ...PROFILE_FIELDS.map((name) => profile[name])],
  );
}

export async function deleteIdentities(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<void> {
  await tx.execute('DELETE FROM user_identities WHERE organisation_id = $1 AND user_row_id = $2', [
    organisationId,
    id,
  ]);
}

export async function insertIdentities(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  identities: readonly (UserIdentity & { readonly id: string })[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO user_identities (organisation_id, user_row_id, id, provider, external_id, label)
     SELECT $1, $2, r.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) AS r`,
    [
      organisationId,
      id,
      textArray(identities.map((each) => each.id)),
      textArray(identities.map((each) => each.provider)),
      textArray(identities.map((each) => each.external_id)),
      textArray(identities.map((each) => each.label)),
    ],
  );
}

export async function deleteUserRow(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<void> {
  await deleteIdentities(tx, organisationId, id);
  await tx.execute('DELETE FROM users WHERE organisation_id = $1 AND id = $2', [organisationId, id]);
}

/** Whether a user of this id has been deleted a moment ago, and the drain may still bring what he sent before. */
export async function isBeingErased(
  tx: LedgerTransaction,
  organisationId: string,
  userId: string,
): Promise<boolean> {
  const rows = await tx.query(
    'SELECT 1 FROM user_erasures WHERE organisation_id = $1 AND user_id = $2 AND done_at IS NULL',
    [organisationId, userId],
  );
  return rows.length > 0;
}

export interface UserFilter {
  readonly organisation_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly email?: string | undefined;
  readonly department?: string | undefined;
  readonly role?: string | undefined;
  readonly is_active?: boolean | undefined;
}

export const listUsers = (tx: LedgerTransaction, filter: UserFilter, page: PageInput): Promise<Page<User>> =>
  listRows(
    tx,
    {
      select: COLUMNS,
      from: 'users',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['user_id =', filter.user_id],
        ['lower(email) =', filter.email?.toLowerCase()],
        ['department =', filter.department],
        ['role =', filter.role],
        ['is_active =', filter.is_active],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );
