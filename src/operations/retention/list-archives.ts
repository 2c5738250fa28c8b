import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { Archive } from './archive.ts';
import { listArchives as listArchiveRows } from './archive-store.ts';

export const listArchives = (
  ctx: Ctx,
  filter: { readonly organisation_id?: string | undefined },
  page: PageInput,
): Promise<Page<Archive>> => readWithin(ctx, filter, (tx, narrowed) => listArchiveRows(tx, narrowed, page));
