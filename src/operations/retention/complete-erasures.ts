/** Completes open deletions of users. */
import type { Ctx } from '../../db/ctx.ts';
import { hotDatabase } from '../../db/hot.ts';
import { type LedgerTransaction, PLATFORM } from '../../db/ledger.ts';
import { readCursor } from '../../rollup/cursor-store.ts';
import { hotReader } from '../../rollup/hot-store.ts';
import { UnreadableArchive } from './archive-file.ts';
import { countUnsettled, listArchivesOfErased } from './archive-store.ts';
import { clearArchives } from './clear-archives.ts';
import { eraseUser, withCallsLocked } from './erase-user.ts';
import { countArchivesOf, type Erasure, finishErasure, listOpenErasures } from './erasure-store.ts';
import { rewriteArchive } from './rewrite-archive.ts';

type Seqs = Pick<Erasure, 'events_seq' | 'conflicts_seq'>;

/** The seqs that the drain must reach: a store restored since then may never assign these numbers again. */
async function readSeqs(ctx: Ctx, { shard, events_seq, conflicts_seq }: Erasure): Promise<Seqs> {
  const hot = hotReader(hotDatabase(ctx.shards, shard));
  return {
    events_seq: Math.min(events_seq, await hot.maxSeq('events')),
    conflicts_seq: Math.min(conflicts_seq, await hot.maxSeq('conflicts')),
  };
}

async function isDrained(tx: LedgerTransaction, shard: number, seqs: Seqs): Promise<boolean> {
  const [events, conflicts] = [
    await readCursor(tx, shard, 'events'),
    await readCursor(tx, shard, 'conflicts'),
  ];
  if (events.halted || conflicts.halted) return false;
  return events.last_seq >= seqs.events_seq && conflicts.last_seq >= seqs.conflicts_seq;
}

/**
 * Makes another pass over everything that the ledger holds of the user, if the drain has passed the events
 * that were pending at the deletion. If no file holds a line of theirs either, the deletion is done, and the
 * same transaction deletes the user's id: later events with this id belong to a new user. Returns whether it
 * is done, and whether the drain has come far enough.
 */
async function passErasure(ctx: Ctx, erasure: Erasure): Promise<'done' | 'in archives' | 'on its way'> {
  const seqs = await readSeqs(ctx, erasure);
  return await withCallsLocked(ctx.ledger, erasure, async (tx) => {
    if (!(await isDrained(tx, erasure.shard, seqs))) return 'on its way';
    await eraseUser(tx, erasure);
    const archives = await countArchivesOf(tx, erasure);
    // An archive being written may hold lines of the user, and an abandoned one is still in the file store.
    const unsettled = await countUnsettled(tx, erasure.organisation_id);
    if (archives + unsettled > 0) return 'in archives';
    await finishErasure(tx, erasure);
    return 'done';
  });
}

export interface ErasureCounts {
  erased_users: number;
  open_erasures: number;
  rewritten_archives: number;
  /** Files that do not match their manifests: nothing can be removed from them. */
  unreadable_archives: string[];
}

/** False if time ran out. */
export async function completeErasures(
  ctx: Ctx,
  hasTime: () => boolean,
  counts: ErasureCounts,
): Promise<boolean> {
  const inArchives: Erasure[] = [];
  const open = await ctx.ledger.transaction(PLATFORM, listOpenErasures);
  counts.open_erasures = open.length;
  const pass = async (erasure: Erasure): Promise<void> => {
    const outcome = await passErasure(ctx, erasure);
    if (outcome === 'in archives') inArchives.push(erasure);
    if (outcome !== 'done') return;
    counts.erased_users += 1;
    counts.open_erasures -= 1;
  };
  for (const erasure of open) {
    if (!hasTime()) return false;
    await pass(erasure);
  }
  for (const archive of await ctx.ledger.transaction(PLATFORM, listArchivesOfErased)) {
    if (!hasTime()) return false;
    try {
      if (await rewriteArchive(ctx, archive)) counts.rewritten_archives += 1;
    } catch (error) {
      if (!(error instanceof UnreadableArchive)) throw error;
      counts.unreadable_archives.push(archive.id);
    }
  }
  if (inArchives.length === 0) return true;
  if ((await clearArchives(ctx, hasTime)) === null) return false;
  for (const erasure of inArchives.splice(0)) {
    if (!hasTime()) return false;
    await pass(erasure);
  }
  return true;
}
