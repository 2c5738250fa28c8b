/**
 * Publishes changes to the edge. A verb publishes right after its commit; the `publish` job repairs lost
 * publishes by writing the differences. Versions decide, so that a late publish never undoes a newer one.
 */
import { describeError } from '../../core/error.ts';
import { bareArray } from '../../db/array-literal.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import {
  deactivateOrganisations,
  readKeyUses,
  readPublishedVersions,
  upsertPublications,
} from './directory-store.ts';
import {
  listPublicationVersions,
  raisePublicationVersions,
  readPublications,
  recordKeyUses,
} from './publication-store.ts';
import { EVERYONE } from './published-tenant.ts';

/** Runs after a commit. The job repairs a failure within the minute, so a failure here is only logged. */
export async function publishOrganisations(ctx: Ctx, ids: readonly string[]): Promise<void> {
  try {
    await publish(ctx, ids);
  } catch (error) {
    console.error(
      JSON.stringify({
        message: 'publish failed; the publish job will retry',
        ids,
        error: describeError(error),
      }),
    );
  }
}

export const publishEveryone = (ctx: Ctx): Promise<void> => publishOrganisations(ctx, [EVERYONE]);

const PUBLISHED_AT_ONCE = 100;
const USES_SINCE_MS = 15 * 60_000;

/** Writes every difference between the ledger and the published data. */
export async function healDirectory(
  ctx: Ctx,
): Promise<{ status: 'succeeded'; organisations: number; published: number }> {
  const versions = await ctx.ledger.transaction(PLATFORM, listPublicationVersions);
  const published = await readPublishedVersions(ctx.directory);
  // A ledger restored to an older moment may be behind the versions it had published: it moves ahead of them
  // again.
  const overtaken = versions.filter((row) => (published.get(row.organisation_id) ?? 0) > row.version);
  if (overtaken.length > 0) {
    await ctx.ledger.transaction(PLATFORM, (tx) =>
      raisePublicationVersions(
        tx,
        overtaken.map((row) => [row.organisation_id, (published.get(row.organisation_id) ?? 0) + 1] as const),
      ),
    );
  }
  const known = new Set(versions.map((row) => row.organisation_id));
  const lost = [...published.keys()].filter((id) => !known.has(id));
  if (lost.length > 0) await deactivateOrganisations(ctx.directory, lost);
  const stale = versions.filter((row) => (published.get(row.organisation_id) ?? 0) !== row.version);
  for (let start = 0; start < stale.length; start += PUBLISHED_AT_ONCE) {
    const part = stale.slice(start, start + PUBLISHED_AT_ONCE);
    await publish(
      ctx,
      part.map((row) => row.organisation_id),
    );
  }
  const uses = await readKeyUses(ctx.directory, ctx.now - USES_SINCE_MS);
  if (uses.length > 0) await ctx.ledger.transaction(PLATFORM, (tx) => recordKeyUses(tx, uses));
  return { status: 'succeeded', organisations: versions.length, published: stale.length };
}

async function publish(ctx: Ctx, ids: readonly string[]): Promise<void> {
  const publications = await ctx.ledger.transaction(PLATFORM, (tx) =>
    readPublications(tx, bareArray(ids.filter((id) => id !== EVERYONE)), ids.includes(EVERYONE)),
  );
  await upsertPublications(ctx.directory, publications);
}
