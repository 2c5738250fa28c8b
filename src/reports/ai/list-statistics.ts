import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { CallFilter } from './call-filter.ts';
import { type DayStatistics, listStatistics as listStatisticsRows } from './statistics-store.ts';

/** Newest day first. */
export const listStatistics = (
  ctx: Ctx,
  filter: Pick<CallFilter, 'organisation_id' | 'user_id' | 'from' | 'to'>,
  page: PageInput,
): Promise<Page<DayStatistics>> =>
  readWithin(ctx, filter, (tx, narrowed) => listStatisticsRows(tx, narrowed, page));
