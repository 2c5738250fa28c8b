/** The edge's memory of prices, over the DIRECTORY: an entry lives as long as one of a key does. */
import type { ModelName } from './model-price.ts';
import type { BookPrice, PriceBook } from './price-book.ts';
import { bookKeyOf, makePriceBook } from './price-book.ts';

const ENTRY_LIFE_MS = 20_000;
const ENTRIES_MAX = 5_000;

interface Entry {
  readonly prices: readonly BookPrice[];
  readonly readAt: number;
}

export type ReadPrices = (models: readonly ModelName[]) => Promise<readonly BookPrice[]>;

export interface PriceMemory {
  /** The prices of these models as this organisation has them, from memory or by `read`. */
  bookFor(
    organisationId: string,
    models: readonly ModelName[],
    now: number,
    read: ReadPrices,
  ): Promise<PriceBook>;
}

export function createPriceMemory(): PriceMemory {
  // A Map keeps the order of insertion: its first entry is the oldest.
  const entries = new Map<string, Entry>();
  const keep = (key: string, entry: Entry): void => {
    entries.delete(key);
    if (entries.size >= ENTRIES_MAX) {
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    }
    entries.set(key, entry);
  };
  return {
    async bookFor(organisationId, models, now, read) {
      const book = new Map<string, readonly BookPrice[]>();
      const unknown: ModelName[] = [];
      for (const name of models) {
        const entry = entries.get(`${organisationId}\0${bookKeyOf(name)}`);
        if (entry && now - entry.readAt < ENTRY_LIFE_MS) book.set(bookKeyOf(name), entry.prices);
        else unknown.push(name);
      }
      if (unknown.length === 0) return book;
      const found = makePriceBook(await read(unknown));
      for (const name of unknown) {
        // That a model has no price is remembered too.
        const prices = found.get(bookKeyOf(name)) ?? [];
        keep(`${organisationId}\0${bookKeyOf(name)}`, { prices, readAt: now });
        book.set(bookKeyOf(name), prices);
      }
      return book;
    },
  };
}
