import { addDays } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { readMonthAt } from '../../tenants/month-at.ts';
import type { CallFilter } from './call-filter.ts';

const DAYS = 30;

/** Default for `from`: the first of the last 30 days, today included. */
export async function withLastDays(ctx: Ctx, tx: LedgerTransaction, filter: CallFilter): Promise<CallFilter> {
  if (filter.from !== undefined) return filter;
  const { today } = await readMonthAt(tx, filter.organisation_id, ctx.now);
  return { ...filter, from: addDays(today, 1 - DAYS) };
}
