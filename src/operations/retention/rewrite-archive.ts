/** Rewrites a file of payloads without the lines of deleted users. */
import { uuidv7 } from '../../core/id.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import type { ArchiveLine, Manifest } from './archive.ts';
import { readLines, writeArchive } from './archive-file.ts';
import {
  findArchive,
  giveUpArchive,
  insertArchive,
  keepArchive,
  listErasedIn,
  moveCalls,
  releaseErased,
  replaceArchive,
} from './archive-store.ts';
import { withCallsLocked } from './erase-user.ts';
import { makeManifest } from './make-manifest.ts';

export interface RewriteArchiveInput {
  readonly organisation_id: string;
  /** The id of the archive. */
  readonly id: string;
  readonly shard: number;
}

/** Another user was deleted, or the archive became due: start over. */
class ChangedMeanwhile extends Error {}

/**
 * The remaining calls switch to the new file in the same transaction that abandons the old one; clearing
 * removes the old file later. False if something changed meanwhile and nothing was done. Throws
 * `UnreadableArchive`.
 */
export async function rewriteArchive(ctx: Ctx, { shard, ...place }: RewriteArchiveInput): Promise<boolean> {
  const { organisation_id } = place;
  const reach = tenant(organisation_id);
  const { archive, erased } = await ctx.ledger.transaction(reach, async (tx) => ({
    archive: await findArchive(tx, place),
    erased: await listErasedIn(tx, place),
  }));
  if (erased.size === 0) return true;
  let next: { readonly manifest: Manifest; readonly lines: readonly ArchiveLine[] } | null = null;
  if (archive?.status === 'kept') {
    const lines = (await readLines(ctx.files, archive)).filter((line) => !erased.has(line.id));
    if (lines.length > 0) {
      const { manifest, bytes } = await ctx.ledger.transaction(reach, async (tx) => {
        const made = await makeManifest(tx, { organisation_id, id: uuidv7(ctx.now), lines });
        await insertArchive(tx, made.manifest);
        return made;
      });
      await writeArchive(ctx.files, manifest, bytes, lines);
      next = { manifest, lines };
    }
  }
  const replacement = next;
  try {
    await withCallsLocked(ctx.ledger, { organisation_id, shard }, async (tx) => {
      if (archive?.status === 'kept') {
        if (!(await replaceArchive(tx, place, replacement?.manifest.id ?? null)))
          throw new ChangedMeanwhile();
      }
      if (replacement) {
        const { manifest, lines } = replacement;
        if (!(await keepArchive(tx, manifest))) throw new ChangedMeanwhile();
        if ((await moveCalls(tx, place, manifest.id, lines)) !== lines.length) throw new ChangedMeanwhile();
      }
      if ((await releaseErased(tx, place)) !== erased.size) throw new ChangedMeanwhile();
    });
  } catch (error) {
    if (!(error instanceof ChangedMeanwhile)) throw error;
    if (replacement) await ctx.ledger.transaction(reach, (tx) => giveUpArchive(tx, replacement.manifest));
    return false;
  }
  return true;
}
