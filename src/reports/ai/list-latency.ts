import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { CallFilter } from './call-filter.ts';
import { deriveGroup, type Group, type Grouping } from './call-group.ts';
import { type Latency, listLatency as listGroups } from './latency-store.ts';
import { withLastDays } from './with-last-days.ts';

/** Call durations, the group with the most calls first, days in order. Default for `from`: the last 30 days. */
export const listLatency = (
  ctx: Ctx,
  { filter, grouping }: { readonly filter: CallFilter; readonly grouping: Grouping },
  page: PageInput,
): Promise<Page<Group & Latency>> =>
  readWithin(ctx, filter, async (tx, narrowed) => {
    const { data, nextAfter } = await listGroups(tx, await withLastDays(ctx, tx, narrowed), grouping, page);
    return {
      data: data.map((row) => ({
        ...deriveGroup(grouping, row),
        calls: row.calls,
        timed_calls: row.timed_calls,
        p50: row.p50,
        p95: row.p95,
        avg: row.avg,
        max: row.max,
      })),
      nextAfter,
    };
  });
