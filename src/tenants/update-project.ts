import { appendAudit } from '../access/audit/append-audit.ts';
import type { Ctx } from '../db/ctx.ts';
import { publishOrganisations } from './publication/publish-directory.ts';
import { type Project, touchPublication, updateProjectRow } from './store.ts';
import { withOwner } from './tenant-scope.ts';

export interface UpdateProjectInput {
  readonly id: string;
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly is_active?: boolean | undefined;
}

/** Throws `not_found`. */
export async function updateProject(ctx: Ctx, { id, ...rest }: UpdateProjectInput): Promise<Project> {
  const changes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const { project, organisationId } = await withOwner(ctx, 'projects', id, async (tx, organisationId) => {
    const project = await updateProjectRow(tx, id, changes);
    if (rest.is_active !== undefined) await touchPublication(tx, organisationId);
    await appendAudit(tx, ctx, {
      organisation_id: organisationId,
      entity_type: 'project',
      entity_id: id,
      action: 'project.update',
      changes,
    });
    return { project, organisationId };
  });
  if (rest.is_active !== undefined) await publishOrganisations(ctx, [organisationId]);
  return project;
}
