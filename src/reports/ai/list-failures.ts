import { readWithin } from '../../access/reach.ts';
import { formatDecimal, fromInteger, quotientHalfAwayFromZero } from '../../core/decimal.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { CallFilter } from './call-filter.ts';
import { type FailureRow, listFailures as listGroups } from './failure-store.ts';
import { withLastDays } from './with-last-days.ts';

export type Failure = Omit<FailureRow, 'model_calls'> & {
  /** Share of the model's calls, with at most 6 decimals, half away from zero. */
  readonly share: string;
};

const SHARE_DECIMALS = 6;

const shareOf = (calls: number, all: number): string =>
  formatDecimal(
    quotientHalfAwayFromZero(fromInteger(BigInt(calls)), fromInteger(BigInt(all)), SHARE_DECIMALS),
  );

/** Calls that did not succeed, grouped by outcome, most frequent first. Default for `from`: the last 30 days. */
export const listFailures = (ctx: Ctx, filter: CallFilter, page: PageInput): Promise<Page<Failure>> =>
  readWithin(ctx, filter, async (tx, narrowed) => {
    const { data, nextAfter } = await listGroups(tx, await withLastDays(ctx, tx, narrowed), page);
    return {
      data: data.map((row) => ({
        status: row.status,
        error_code: row.error_code,
        provider: row.provider,
        model: row.model,
        calls: row.calls,
        share: shareOf(row.calls, row.model_calls),
        users: row.users,
        first_seen: row.first_seen,
        last_seen: row.last_seen,
        last_message: row.last_message,
      })),
      nextAfter,
    };
  });
