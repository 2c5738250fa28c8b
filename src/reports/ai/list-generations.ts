import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { CallFilter } from './call-filter.ts';
import { type ListedGeneration, listGenerations as listGenerationRows } from './generation-list-store.ts';

/** Newest first, without payloads. */
export const listGenerations = (
  ctx: Ctx,
  filter: CallFilter,
  page: PageInput,
): Promise<Page<ListedGeneration>> =>
  readWithin(ctx, filter, (tx, narrowed) => listGenerationRows(tx, narrowed, page));
