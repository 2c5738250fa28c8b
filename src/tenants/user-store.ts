/** The SQL of users and of the names by which vendors identify them. */
import type { Page, PageInput } from '../core/page.ts';
import { textArray } from '../db/array-literal.ts';
import { CLOCK, columns, insertOf, matching, pick, type RowOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRows } from '../db/list-rows.ts';
import { PROFILE_FIELDS, type Profile, type User, type UserIdentity } from './user.ts';

const OWN = columns('users', [
  'organisation_id',
  'id',
  'user_id',
  ...PROFILE_FIELDS,
  'is_active',
  'created_at',
  'updated_at',
]);
const COLUMNS = `${OWN},
  (SELECT coalesce(jsonb_agg(jsonb_build_object('provider', i.provider, 'external_id', i.external_id, 'label', i.label)
     ORDER BY i.provider, i.external_id), '[]') FROM user_identities i
   WHERE i.organisation_id = users.organisation_id AND i.user_row_id = users.id) AS identities`;
type UserRow = RowOf<typeof OWN> & Pick<User, 'identities'>;

export async function findUser(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<User | null> {
  const [row] = await tx.query<UserRow>(
    `SELECT ${COLUMNS} FROM users WHERE organisation_id = $1 AND id = $2`,
    [organisationId, id],
  );
  return row ?? null;
}

/** Locks the row first: only then does a statement see the identities as the previous change left them. */
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
  const { text, values } = insertOf('users', user);
  await tx.execute(text, values);
}

export async function updateUserRow(
  tx: LedgerTransaction,
  user: Profile & Pick<User, 'organisation_id' | 'id' | 'is_active'>,
): Promise<void> {
  const changed = { ...pick(user, PROFILE_FIELDS), is_active: user.is_active };
  const { text, values } = updateOf(
    'users',
    { ...changed, updated_at: CLOCK },
    pick(user, ['organisation_id', 'id']),
  );
  await tx.execute(text, values);
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

const IDENTITY = columns('user_identities', [
  'organisation_id',
  'user_row_id',
  'id',
  'provider',
  'external_id',
  'label',
]);

export async function insertIdentities(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
  identities: readonly (UserIdentity & { readonly id: string })[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO user_identities (${IDENTITY})
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

/** Whether a user of this id has been deleted while the drain may still bring events that they sent before. */
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
  listRows<UserRow>(
    tx,
    {
      select: COLUMNS,
      from: 'users',
      filters: [
        ...matching('users', filter, ['organisation_id', 'user_id', 'department', 'role', 'is_active']),
        ['lower(email) =', filter.email?.toLowerCase()],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );
