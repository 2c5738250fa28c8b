import { AppError, invalidRequest } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { isUniqueViolation } from '../db/sql-state.ts';
import type { IdentityInput } from './user.ts';
import { deleteIdentities, insertIdentities } from './user-store.ts';

export interface PutIdentitiesInput {
  readonly organisation_id: string;
  /** The id of the user. */
  readonly id: string;
  readonly identities: readonly IdentityInput[];
}

/**
 * Replaces all identities of a user. Throws `invalid_request` for a repeated identity, `already_exists` for
 * another user's.
 */
export async function putIdentities(
  tx: LedgerTransaction,
  { now }: Pick<Ctx, 'now'>,
  { organisation_id, id, identities }: PutIdentitiesInput,
): Promise<void> {
  const seen = new Set<string>();
  const faults = identities.flatMap(({ provider, external_id }, index) => {
    const key = `${provider}\0${external_id}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ pointer: `/identities/${index}`, code: 'repeated', detail: 'The identity is listed twice.' }];
  });
  if (faults.length > 0) throw invalidRequest(faults);
  await deleteIdentities(tx, organisation_id, id);
  if (identities.length === 0) return;
  const rows = identities.map(({ label = null, ...identity }) => ({ ...identity, label, id: uuidv7(now) }));
  try {
    await insertIdentities(tx, organisation_id, id, rows);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError(
      'already_exists',
      'One of the identities already belongs to another user of this organisation.',
    );
  }
}
