import { readWithin } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { findProject, listProjects as listProjectRows, type Project } from './store.ts';
import { getOwned } from './tenant-scope.ts';

export interface ProjectFilter {
  readonly organisation_id?: string | undefined;
  readonly external_key?: string | undefined;
}

export const listProjects = (ctx: Ctx, filter: ProjectFilter, page: PageInput): Promise<Page<Project>> =>
  readWithin(ctx, filter, (tx, narrowed) => listProjectRows(tx, narrowed, page));

/** Throws `not_found`. */
export const getProject = (ctx: Ctx, { id }: { readonly id: string }): Promise<Project> =>
  getOwned(ctx, 'projects', id, (tx) => findProject(tx, id));
