import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import { KEPT_MS } from './key.ts';
import { deleteKeysBefore } from './store.ts';

/** Deletes the keys that have expired at the real moment, `ctx.now`; returns how many. */
export const purgeKeys = (ctx: Ctx): Promise<number> =>
  ctx.ledger.transaction(PLATFORM, (tx) => deleteKeysBefore(tx, formatInstant(ctx.now - KEPT_MS)));
