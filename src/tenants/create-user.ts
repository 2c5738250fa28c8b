import { appendAudit } from '../access/audit/append-audit.ts';
import { AppError, parentNotFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { tenant } from '../db/ledger.ts';
import { isUniqueViolation } from '../db/sql-state.ts';
import { putIdentities } from './put-identities.ts';
import { findOrganisation } from './store.ts';
import { namesOf, PROFILE_FIELDS, type Profile, type User, type UserChanges } from './user.ts';
import { findUser, insertUser, isBeingErased } from './user-store.ts';

export interface CreateUserInput extends UserChanges {
  readonly organisation_id: string;
  readonly user_id: string;
}

/**
 * Throws `not_found` for an unknown organisation, `already_exists` for a user_id or an identity in use,
 * `invalid_state` while events of a deleted user with the same user_id are not yet drained,
 * `invalid_request`.
 */
export async function createUser(ctx: Ctx, input: CreateUserInput): Promise<User> {
  const { organisation_id, user_id, is_active = true, identities = [], ...given } = input;
  const profile = Object.fromEntries(PROFILE_FIELDS.map((name) => [name, given[name] ?? null])) as Profile;
  const id = uuidv7(ctx.now);
  try {
    return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
      if (!(await findOrganisation(tx, organisation_id)))
        throw parentNotFound('/organisation_id', 'organisation');
      await insertUser(tx, { organisation_id, id, user_id, is_active, ...profile });
      // After the insert, which waits for a deletion of the same user_id.
      if (await isBeingErased(tx, organisation_id, user_id)) {
        const detail = 'A user with this user_id is being deleted. Retry when the deletion is complete.';
        throw new AppError('invalid_state', detail, { retryAfterSeconds: 3600 });
      }
      await putIdentities(tx, ctx, { organisation_id, id, identities });
      await appendAudit(tx, ctx, {
        organisation_id,
        entity_type: 'user',
        entity_id: id,
        action: 'user.create',
        changes: {
          fields: namesOf({ user_id, is_active: input.is_active, identities: input.identities, ...given }),
        },
      });
      const user = await findUser(tx, organisation_id, id);
      if (!user) throw new Error('the user was not inserted');
      return user;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('already_exists', 'The organisation already has a user with this user_id.');
  }
}
