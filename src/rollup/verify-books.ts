/**
 * The ledger part of the `verify` job: compares sums that must agree and lists differences. It repairs nothing
 * silently.
 */
import { formatInstant, HOUR_MS } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM } from '../db/ledger.ts';
import {
  type Difference,
  findBatchGaps,
  findDayDifferences,
  findKeyDifferences,
  findMonthDifferences,
  findStatisticsDifferences,
} from './verify-store.ts';

export interface VerifyInput {
  /** Compares days changed since this instant; null compares all. */
  readonly since: number | null;
}

export async function verifyBooks(ctx: Ctx, input: VerifyInput): Promise<Difference[]> {
  // One hour earlier, because a drain stamps its rows with the time at which its run began.
  const since = formatInstant(input.since === null ? 0 : input.since - HOUR_MS);
  return await ctx.ledger.transaction(PLATFORM, async (tx) => [
    ...(await findDayDifferences(tx, since)),
    ...(await findMonthDifferences(tx, since)),
    ...(await findStatisticsDifferences(tx, since)),
    ...(await findKeyDifferences(tx)),
    ...(await findBatchGaps(tx)),
  ]);
}
