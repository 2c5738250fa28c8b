/** The edge's cache of prices from the DIRECTORY. An entry lives as long as a cached key. */
import { BoundedMap } from '../../core/bounded-map.ts';
import type { ModelName } from './model-price.ts';
import type { BookPrice, PriceBook } from './price-book.ts';
import { bookKeyOf, makePriceBook } from './price-book.ts';

const ENTRY_LIFE_MS = 20_000;
const ENTRIES_MAX = 5_000;

export type ReadPrices = (models: readonly ModelName[]) => Promise<readonly BookPrice[]>;

export interface PriceMemory {
  /** The prices of these models for this organisation, from the cache or through `read`. */
  bookFor(
    organisationId: string,
    models: readonly ModelName[],
    now: number,
    read: ReadPrices,
  ): Promise<PriceBook>;
}

export function createPriceMemory(): PriceMemory {
  const memory = new BoundedMap<string, readonly BookPrice[]>({
    entriesMax: ENTRIES_MAX,
    lifeMs: ENTRY_LIFE_MS,
  });
  return {
    async bookFor(organisationId, models, now, read) {
      const book = new Map<string, readonly BookPrice[]>();
      const unknown: ModelName[] = [];
      for (const name of models) {
        const prices = memory.get(`${organisationId}\0${bookKeyOf(name)}`, now);
        if (prices) book.set(bookKeyOf(name), prices);
        else unknown.push(name);
      }
      if (unknown.length === 0) return book;
      const found = makePriceBook(await read(unknown));
      for (const name of unknown) {
        // Models without a price are cached too.
        const prices = found.get(bookKeyOf(name)) ?? [];
        memory.set(`${organisationId}\0${bookKeyOf(name)}`, prices, now);
        book.set(bookKeyOf(name), prices);
      }
      return book;
    },
  };
}
