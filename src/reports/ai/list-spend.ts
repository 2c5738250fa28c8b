import { readWithin } from '../../access/reach.ts';
import type { PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import { readMonthAt } from '../../tenants/month-at.ts';
import type { CallFilter } from './call-filter.ts';
import { deriveGroup, type Group, type Grouping } from './call-group.ts';
import { type CallSums, deriveSums } from './call-sums.ts';
import { listSpend as listGroups } from './spend-store.ts';

export interface SpendInput {
  readonly filter: CallFilter;
  readonly grouping: Grouping;
}

export interface SpendAnswer {
  readonly data: readonly (Group & CallSums)[];
  readonly nextAfter: string | null;
  readonly total: CallSums;
}

/**
 * The cost of calls, the most expensive group first, days in order. Default for `from`: the first day of the
 * current month.
 */
export const listSpend = (
  ctx: Ctx,
  { filter, grouping }: SpendInput,
  page: PageInput,
): Promise<SpendAnswer> =>
  readWithin(ctx, filter, async (tx, narrowed) => {
    const from = narrowed.from ?? (await readMonthAt(tx, narrowed.organisation_id, ctx.now)).first_day;
    const { data, nextAfter, total } = await listGroups(tx, { ...narrowed, from }, grouping, page);
    return {
      data: data.map((row) => ({ ...deriveGroup(grouping, row), ...deriveSums(row) })),
      nextAfter,
      total: deriveSums(total),
    };
  });
