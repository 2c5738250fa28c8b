import { readVisible } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { type JobRun, listJobRuns as listJobRunRows } from './store.ts';

export interface JobRunFilter {
  readonly job?: string | undefined;
  readonly status?: string | undefined;
}

/** Newest first. */
export const listJobRuns = (ctx: Ctx, filter: JobRunFilter, page: PageInput): Promise<Page<JobRun>> =>
  readVisible(ctx, (tx) => listJobRunRows(tx, filter, page));
