/** The part of the `verify` job that checks the edge: published = source. */
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import { readPublishedVersions } from './directory-store.ts';
import { listPublicationVersions } from './publication-store.ts';

/** A publish of the last minutes may still be in progress, or be repaired by the next round of the job. */
const PUBLISH_DELAY_MS = 3 * 60_000;

export interface Unpublished {
  readonly organisation_id: string;
  readonly ledger: number;
  readonly directory: number | null;
}

export async function findUnpublished(ctx: Ctx): Promise<Unpublished[]> {
  const versions = await ctx.ledger.transaction(PLATFORM, listPublicationVersions);
  const published = await readPublishedVersions(ctx.directory);
  const changedBefore = formatInstant(ctx.now - PUBLISH_DELAY_MS);
  return versions
    .filter(
      (row) => (published.get(row.organisation_id) ?? 0) !== row.version && row.changed_at < changedBefore,
    )
    .map(({ organisation_id, version }) => ({
      organisation_id,
      ledger: version,
      directory: published.get(organisation_id) ?? null,
    }));
}
