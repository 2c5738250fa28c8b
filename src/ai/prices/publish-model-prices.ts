/**
 * Publishes token prices to the edge. A verb publishes right after its commit; the `publish` job repairs what was lost by
 * writing only the differences.
 */

import { describeError } from '../../core/error.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import type { ModelPrice } from './model-price.ts';
import { bookKeyOf } from './price-book.ts';
import { type LedgerVersion, listModelVersions, readModelPublications } from './publication-store.ts';
import { EVERYONE, type PublishedModel } from './published-price.ts';
import { listPublishedPrices, type PublishedVersion, publishPrices } from './published-price-store.ts';

/** After a commit: what fails here is healed within the minute, and until then the drain prices by the ledger. */
export async function publishModelPrice(ctx: Ctx, price: ModelPrice): Promise<void> {
  const { provider, model, organisation_id } = price;
  try {
    await publish(ctx, [{ provider, model, organisation_id: organisation_id ?? EVERYONE }], []);
  } catch (error) {
    console.error(
      JSON.stringify({
        message: 'publish failed; the publish job will retry',
        id: price.id,
        error: describeError(error),
      }),
    );
  }
}

async function publish(
  ctx: Ctx,
  models: readonly PublishedModel[],
  withdrawn: readonly PublishedVersion[],
): Promise<void> {
  const publications = await ctx.ledger.transaction(PLATFORM, (tx) => readModelPublications(tx, models));
  await publishPrices(ctx.directory, publications, withdrawn);
}

const ownedKeyOf = (model: PublishedModel): string => `${model.organisation_id}\0${bookKeyOf(model)}`;

interface Differences {
  readonly stale: readonly LedgerVersion[];
  /** Published, and not of the ledger, or of a later moment than it: it was restored to an older one. */
  readonly withdrawn: readonly PublishedVersion[];
}

async function findDifferences(ctx: Ctx): Promise<Differences> {
  // In this order, for a price that changes meanwhile must not look as if it were published of a later moment.
  const published = await listPublishedPrices(ctx.directory);
  const versions = await ctx.ledger.transaction(PLATFORM, listModelVersions);
  const known = new Map(versions.map((row) => [ownedKeyOf(row), row.version]));
  const seen = new Map(published.map((row) => [ownedKeyOf(row), row.version]));
  return {
    stale: versions.filter((row) => seen.get(ownedKeyOf(row)) !== row.version),
    withdrawn: published.filter((row) => row.version > (known.get(ownedKeyOf(row)) ?? 0)),
  };
}

/** Models at once: what they publish stays far below the memory of a Worker. */
const PUBLISHED_AT_ONCE = 5_000;

/** Writes every difference between the book and what is published of it. */
export async function healModelPrices(ctx: Ctx): Promise<{ published_models: number }> {
  const { stale, withdrawn } = await findDifferences(ctx);
  for (let start = 0; start < Math.max(stale.length, withdrawn.length); start += PUBLISHED_AT_ONCE) {
    const end = start + PUBLISHED_AT_ONCE;
    await publish(ctx, stale.slice(start, end), start === 0 ? withdrawn : []);
  }
  return { published_models: stale.length };
}

/** A publish of the last minutes may still be on its way, or healed by the next round of the job. */
const PUBLISH_DELAY_MS = 3 * 60_000;

export interface UnpublishedModel extends PublishedModel {
  readonly version: number;
}

/** Published = source: models whose prices are not published as they have been for a while. */
export async function findUnpublishedModels(ctx: Ctx): Promise<UnpublishedModel[]> {
  const { stale, withdrawn } = await findDifferences(ctx);
  const changedBefore = formatInstant(ctx.now - PUBLISH_DELAY_MS);
  const late = stale.filter(({ changed_at }) => changed_at < changedBefore);
  return [...late, ...withdrawn].map(({ provider, model, organisation_id, version }) => ({
    provider,
    model,
    organisation_id,
    version,
  }));
}
