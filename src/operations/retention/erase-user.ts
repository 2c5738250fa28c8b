/** One pass of a deletion: everything that the ledger holds of a user at this moment, in one transaction. */

import { type ErasedUser, redactEvent } from '../../ai/redact-event.ts';
import type { Ledger, LedgerTransaction } from '../../db/ledger.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { holdCursors } from '../../rollup/cursor-store.ts';
import {
  eraseGenerations,
  listConflictsOf,
  listQuarantinedOf,
  lockCalls,
  moveStatistics,
  putConflictEvents,
  putQuarantinedEvents,
  renameEvents,
} from './erasure-store.ts';

export interface ErasedCounts {
  readonly events: number;
  readonly generations: number;
  readonly statistics: number;
  readonly conflicts: number;
  readonly quarantined: number;
}

/**
 * Runs `work` in the organisation's transaction while neither the drain nor any other code changes its calls:
 * a call and its part of the statistics change together, or `verify` would find a difference.
 */
export const withCallsLocked = <T>(
  ledger: Ledger,
  { organisation_id, shard }: { readonly organisation_id: string; readonly shard: number },
  work: (tx: LedgerTransaction) => Promise<T>,
): Promise<T> =>
  ledger.transaction(PLATFORM, async (tx) => {
    await holdCursors(tx, shard);
    await lockCalls(tx, organisation_id);
    await tx.enter(tenant(organisation_id));
    return await work(tx);
  });

/** A repeated pass finds only what has arrived since. The calls must be locked. */
export async function eraseUser(
  tx: LedgerTransaction,
  user: ErasedUser & { readonly organisation_id: string },
): Promise<ErasedCounts> {
  const { organisation_id } = user;
  const events = await renameEvents(tx, user);
  const generations = await eraseGenerations(tx, user);
  const statistics = await moveStatistics(tx, user);
  const conflicts = (await listConflictsOf(tx, user)).flatMap(({ id, event, is_by_user }) => {
    const redacted = redactEvent(event, user, is_by_user);
    return redacted === null ? [] : [{ id, event: redacted }];
  });
  if (conflicts.length > 0) await putConflictEvents(tx, organisation_id, conflicts);
  const quarantined = (await listQuarantinedOf(tx, user)).flatMap(({ id, event }) => {
    const redacted = redactEvent(event, user);
    return redacted === null ? [] : [{ id, event: redacted }];
  });
  if (quarantined.length > 0) await putQuarantinedEvents(tx, organisation_id, quarantined);
  return {
    // A call is an event too.
    events: events + generations,
    generations,
    statistics,
    conflicts: conflicts.length,
    quarantined: quarantined.length,
  };
}
