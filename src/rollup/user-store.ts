/** The SQL of the drain for users named by events. */
import { uuidv7 } from '../core/id.ts';
import { bareArray, textArray } from '../db/array-literal.ts';
import { columns } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { SeenUser } from './ports.ts';
import { shareRows } from './share-rows.ts';

const USER = columns('users', ['organisation_id', 'id', 'user_id']);

// Nearly all users are known. The index alone identifies them, and nothing is written or locked for them.
export async function insertUsers(
  tx: LedgerTransaction,
  seen: readonly SeenUser[],
  now: number,
): Promise<void> {
  const { heads, slots } = shareRows(seen, (user) => user.organisation_id);
  await tx.execute(
    `INSERT INTO users (${USER}) SELECT ${USER}
     FROM unnest($1::uuid[], $2::text[], $3::int[]) AS r(id, user_id, slot)
     JOIN unnest($4::uuid[]) WITH ORDINALITY AS head(organisation_id, slot) USING (slot)
     WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.organisation_id = head.organisation_id AND u.user_id = r.user_id)
       AND NOT EXISTS (SELECT 1 FROM user_erasures e
         WHERE e.organisation_id = head.organisation_id AND e.user_id = r.user_id AND e.done_at IS NULL)
     ON CONFLICT DO NOTHING`,
    [
      bareArray(seen.map(() => uuidv7(now))),
      textArray(seen.map((user) => user.user_id)),
      bareArray(slots),
      bareArray(heads.map((user) => user.organisation_id)),
    ],
  );
}
