import { appendAudit } from '../access/audit/append-audit.ts';
import { AppError, parentNotFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { tenant } from '../db/ledger.ts';
import { isUniqueViolation } from '../db/sql-state.ts';
import { findOrganisation, insertProject, type Project } from './store.ts';

export interface CreateProjectInput {
  readonly organisation_id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly external_key?: string | undefined;
}

/** Throws `not_found` for an unknown organisation, `already_exists` for a taken external_key. */
export async function createProject(ctx: Ctx, input: CreateProjectInput): Promise<Project> {
  const { organisation_id, name, description = null, external_key = null } = input;
  try {
    return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
      if (!(await findOrganisation(tx, organisation_id))) {
        throw parentNotFound('/organisation_id', 'organisation');
      }
      const id = uuidv7(ctx.now);
      const project = await insertProject(tx, { organisation_id, id, name, description, external_key });
      await appendAudit(tx, ctx, {
        organisation_id,
        entity_type: 'project',
        entity_id: id,
        action: 'project.create',
        changes: { name, description, external_key },
      });
      return project;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('already_exists', 'The organisation already has a project with this external_key.');
  }
}
