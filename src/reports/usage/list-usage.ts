import { projectOf, readWithin } from '../../access/reach.ts';
import { invalidRequest } from '../../core/error.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import {
  type Granularity,
  listUsage as listUsageRows,
  type UsageFilter,
  type UsageRow,
} from './usage-store.ts';

export interface UsageInput extends Omit<UsageFilter, 'organisation_id' | 'project_id'> {
  readonly granularity: Granularity;
}

/** The usage of the actor's project, oldest first. Throws `invalid_request` if `from` is after `to`. */
export async function listUsage(
  ctx: Ctx,
  { granularity, ...asked }: UsageInput,
  page: PageInput,
): Promise<Page<UsageRow>> {
  const { from, to } = asked;
  if (from !== undefined && to !== undefined && from > to) {
    throw invalidRequest([{ pointer: '?from', code: 'invalid_order', detail: 'from must not be after to.' }]);
  }
  const filter: UsageFilter = { ...projectOf(ctx.actor), ...asked };
  return await readWithin(ctx, filter, (tx) => listUsageRows(tx, filter, granularity, page));
}
