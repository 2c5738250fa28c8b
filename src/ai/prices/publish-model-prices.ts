/**
 * Publishes token prices to the edge. A verb publishes right after its commit; the `publish` job repairs lost
 * publishes by writing the differences.
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

/** Call after a commit. A failure is repaired within a minute; until then the drain prices by the ledger. */
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
  /**
   * Published, but unknown to the ledger or newer than its version: the ledger was restored to an earlier
   * state.
   */
  readonly withdrawn: readonly PublishedVersion[];
}

async function findDifferences(ctx: Ctx): Promise<Differences> {
  // The directory is read first. Otherwise a price that changes in between would look newer than the ledger.
  const published = await listPublishedPrices(ctx.directory);
  const versions = await ctx.ledger.transaction(PLATFORM, listModelVersions);
  const known = new Map(versions.map((row) => [ownedKeyOf(row), row.version]));
  const seen = new Map(published.map((row) => [ownedKeyOf(row), row.version]));
  return {
    stale: versions.filter((row) => seen.get(ownedKeyOf(row)) !== row.version),
    withdrawn: published.filter((row) => row.version > (known.get(ownedKeyOf(row)) ?? 0)),
  };
}

/** Models per publish: far below a Worker's memory limit. */
const PUBLISHED_AT_ONCE = 5_000;

/** Publishes every difference between the book and the directory. */
export async function healModelPrices(ctx: Ctx): Promise<{ published_models: number }> {
  const { stale, withdrawn } = await findDifferences(ctx);
  for (let start = 0; start < Math.max(stale.length, withdrawn.length); start += PUBLISHED_AT_ONCE) {
    const end = start + PUBLISHED_AT_ONCE;
    await publish(ctx, stale.slice(start, end), start === 0 ? withdrawn : []);
  }
  return { published_models: stale.length };
}

/** A recent publish may still be under way, or be repaired by the job's next run. */
const PUBLISH_DELAY_MS = 3 * 60_000;

export interface UnpublishedModel extends PublishedModel {
  readonly version: number;
}

/** Models whose published prices have differed from the ledger for longer than the delay. */
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
