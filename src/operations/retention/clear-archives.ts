import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { removeArchive } from './archive-file.ts';
import { giveUpArchive, listUnsettled, settleArchive } from './archive-store.ts';

/**
 * Removes the files that are no longer read: those that are due, and those that a run began and never kept.
 * Returns the number of the former; null if time ran out. Safe to interrupt anywhere: a file is removed
 * before its row records it.
 */
export async function clearArchives(ctx: Ctx, hasTime: () => boolean): Promise<number | null> {
  let deleted = 0;
  for (const archive of await ctx.ledger.transaction(PLATFORM, listUnsettled)) {
    if (!hasTime()) return null;
    const reach = tenant(archive.organisation_id);
    // After this, no run that is still writing it can keep it.
    if (archive.status === 'writing') await ctx.ledger.transaction(reach, (tx) => giveUpArchive(tx, archive));
    await removeArchive(ctx.files, archive.file_key);
    await ctx.ledger.transaction(reach, (tx) => settleArchive(tx, archive));
    if (archive.verified_at !== null) deleted += 1;
  }
  return deleted;
}
