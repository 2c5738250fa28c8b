/**
 * Moves payloads that are old enough into the file store: they are written, read back, and only then removed
 * from the ledger.
 */
import { uuidv7 } from '../../core/id.ts';
import { DAY_MS, formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import { writeArchive } from './archive-file.ts';
import {
  dropArchived,
  giveUpArchive,
  insertArchive,
  keepArchive,
  listDueLines,
  type PayloadHolder,
} from './archive-store.ts';
import { withCallsLocked } from './erase-user.ts';
import { makeManifest } from './make-manifest.ts';

const ROWS_MAX = 1_000;
/** Bytes of the lines before compression. */
const BYTES_MAX = 4_000_000;

/** Whole days (UTC), so that an organisation with few calls does not get a file every hour. */
export const archiveHorizon = (now: number, days: number): string =>
  formatInstant(Math.floor((now - days * DAY_MS) / DAY_MS) * DAY_MS);

/**
 * A call of the file has changed since it was read: a later arrival filled it, its user was deleted, or
 * another run was first.
 */
class ChangedMeanwhile extends Error {}

/**
 * Archives one file of an organisation's payloads received before `before`. Returns the number of calls, 0 if
 * none is due, and null if they changed during the run and nothing was archived. Throws `UnreadableArchive`
 * if the file store does not return what was written: the payloads stay.
 */
export async function archivePayloads(
  ctx: Ctx,
  { organisation_id, shard }: PayloadHolder,
  before: string,
): Promise<number | null> {
  const reach = tenant(organisation_id);
  const lines = await ctx.ledger.transaction(reach, (tx) =>
    listDueLines(tx, { organisation_id, before, rows: ROWS_MAX, bytes: BYTES_MAX }),
  );
  if (lines.length === 0) return 0;
  const { manifest, bytes } = await ctx.ledger.transaction(reach, async (tx) => {
    const made = await makeManifest(tx, { organisation_id, id: uuidv7(ctx.now), lines });
    await insertArchive(tx, made.manifest);
    return made;
  });
  await writeArchive(ctx.files, manifest, bytes, lines);
  try {
    await withCallsLocked(ctx.ledger, { organisation_id, shard }, async (tx) => {
      if (!(await keepArchive(tx, manifest))) throw new ChangedMeanwhile();
      if ((await dropArchived(tx, manifest, lines)) !== lines.length) throw new ChangedMeanwhile();
    });
  } catch (error) {
    if (!(error instanceof ChangedMeanwhile)) throw error;
    await ctx.ledger.transaction(reach, (tx) => giveUpArchive(tx, manifest));
    return null;
  }
  return lines.length;
}
