/** Whether this installation can do its work: both stores answer, both are migrated, no shard is halted. */
import { describeError } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM } from '../db/ledger.ts';
import { isHotCurrent, isLedgerCurrent } from '../db/migrations.ts';
import { readShardStatus } from './read-status.ts';

/** While schedules run, a drain that is this far behind is not doing its work. */
const LAG_SECONDS_MAX = 900;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
  readonly lag_seconds: number | null;
  readonly halted_shards: readonly number[];
}

export async function checkReady(ctx: Ctx, schedules: boolean): Promise<Readiness> {
  const passes = async (check: () => Promise<boolean>): Promise<boolean> => {
    try {
      return await check();
    } catch (error) {
      console.error(
        JSON.stringify({ message: 'not ready', request_id: ctx.requestId, error: describeError(error) }),
      );
      return false;
    }
  };
  const ledger = await passes(() => ctx.ledger.transaction(PLATFORM, isLedgerCurrent));
  const databases = [ctx.directory, ...ctx.shards.values()];
  const hot = (await Promise.all(databases.map((each) => passes(() => isHotCurrent(each))))).every(Boolean);
  const shards = ledger && hot ? await readShardStatus(ctx).catch(() => null) : null;
  const lag = shards ? Math.max(0, ...shards.map((shard) => shard.lag_seconds)) : null;
  const halted = shards?.filter((shard) => shard.halted).map((shard) => shard.shard) ?? [];
  const checks = {
    postgres: ledger,
    d1: hot,
    shards: shards !== null && halted.length === 0,
    lag: !schedules || (lag !== null && lag <= LAG_SECONDS_MAX),
  };
  return { ready: Object.values(checks).every(Boolean), checks, lag_seconds: lag, halted_shards: halted };
}
