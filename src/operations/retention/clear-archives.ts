import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { removeArchive } from './archive-file.ts';
import { giveUpArchive, listUnsettled, settleArchive } from './archive-store.ts';

/**
 * Removes the files that nobody reads any more: those that are due, and those that a run began and never kept. Answers how many
 * of the former; null where the time was up. Safe to be cut off anywhere: a file is removed before its row says so.
 */
export async function clearArchives(ctx: Ctx, hasTime: () => boolean): Promise<number | null> {
  let deleted = 0;
  for (const archive of await ctx.ledger.transaction(PLATFORM, listUnsettled)) {
    if (!hasTime()) return null;
    const reach = tenant(archive.organisation_id);
    // From here on no run that still writes it can keep it.
    if (archive.status === 'writing') await ctx.ledger.transaction(reach, (tx) => giveUpArchive(tx, archive));
    await removeArchive(ctx.files, archive.file_key);
    await ctx.ledger.transaction(reach, (tx) => settleArchive(tx, archive));
    if (archive.verified_at !== null) deleted += 1;
  }
  return deleted;
}
