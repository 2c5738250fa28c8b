/**
 * Which rows of the ledger a verb can see. The reach follows from the actor and is decided only in this file,
 * so an actor with a new kind of limit is added here.
 */
import type { Actor } from '../core/actor.ts';
import { assert, notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, type Reach, tenant } from '../db/ledger.ts';
import { unauthorized } from './authorise.ts';

interface OrganisationFilter {
  readonly organisation_id?: string | undefined;
}

/** The single organisation that the actor is limited to; null for an actor that sees all of them. */
function limitOf(actor: Actor): string | null {
  switch (actor.kind) {
    case 'admin':
      return null;
    // A job runs for the whole installation.
    case 'system':
      return null;
    case 'project':
      return actor.organisation_id;
    case 'anonymous':
      throw unauthorized();
  }
}

/**
 * An admin key and a job see every tenant, or only `organisationId` if it is given. A project key always sees
 * its own organisation, whichever one it asks for: another organisation then looks as empty as an unknown
 * one. Throws `unauthorized` for any other actor.
 */
export function deriveReach(actor: Actor, organisationId?: string): Reach {
  const limit = limitOf(actor);
  if (limit !== null) return tenant(limit);
  return organisationId === undefined ? PLATFORM : tenant(organisationId);
}

/** The filter, with the organisation that the actor is limited to if the filter names none. */
export function narrowFilter<Filter extends OrganisationFilter>(actor: Actor, filter: Filter): Filter {
  const limit = limitOf(actor);
  return limit === null || filter.organisation_id !== undefined
    ? filter
    : { ...filter, organisation_id: limit };
}

/** Reads in one transaction that sees only what the actor may see. */
export const readVisible = <T>(ctx: Ctx, read: (tx: LedgerTransaction) => Promise<T>): Promise<T> =>
  ctx.ledger.transaction(deriveReach(ctx.actor), read);

/**
 * The same for a filter by organisation. `read` receives the narrowed filter, so that its statements name the
 * tenant too.
 */
export const readWithin = <Filter extends OrganisationFilter, T>(
  ctx: Ctx,
  filter: Filter,
  read: (tx: LedgerTransaction, narrowed: Filter) => Promise<T>,
): Promise<T> =>
  ctx.ledger.transaction(deriveReach(ctx.actor, filter.organisation_id), (tx) =>
    read(tx, narrowFilter(ctx.actor, filter)),
  );

/** The row with this id; throws `not_found` if it does not exist or the actor may not see it. */
export async function getVisible<T>(
  ctx: Ctx,
  noun: string,
  id: string,
  find: (tx: LedgerTransaction, id: string) => Promise<T | null>,
): Promise<T> {
  const found = isUuid(id) ? await readVisible(ctx, (tx) => find(tx, id)) : null;
  if (found === null) throw notFound(noun);
  return found;
}

export interface ProjectScope {
  readonly organisation_id: string;
  readonly project_id: string;
}

/** The project of a project key. No other actor has one: routes for project keys reject all others. */
export function projectOf(actor: Actor): ProjectScope {
  assert(actor.kind === 'project', 'the actor is a project key');
  const { organisation_id, project_id } = actor;
  return { organisation_id, project_id };
}
