import { describe, expect, test } from 'vitest';
import type { ModelName } from '../../../src/ai/prices/model-price.ts';
import { type BookPrice, bookKeyOf } from '../../../src/ai/prices/price-book.ts';
import { createPriceMemory } from '../../../src/ai/prices/price-memory.ts';

const NOW = Date.UTC(2026, 0, 1);
const nameOf = (model: string): ModelName => ({ provider: 'acme', model });
const priceOf = ({ provider, model }: ModelName, organisation_id: string | null): BookPrice => ({
  id: `${organisation_id} ${model}`,
  organisation_id,
  provider,
  model,
  token_kind: 'input',
  price_per_million: '1',
  service_tier: 'standard',
  min_prompt_tokens: 0,
  from_ms: 0,
  to_ms: null,
});

/** A directory that has prices for the given models and records each request. */
function directoryOf(...known: string[]) {
  const asked: string[][] = [];
  const read = (organisation: string | null) => async (models: readonly ModelName[]) => {
    asked.push(models.map(({ model }) => model));
    return models.filter(({ model }) => known.includes(model)).map((name) => priceOf(name, organisation));
  };
  return { asked, read };
}

describe('the memory of prices', () => {
  test.each([
    [0, 1],
    [19_999, 1],
    [20_000, 2],
  ])('%i ms later has read the directory %i times', async (later, reads) => {
    const { asked, read } = directoryOf('a');
    const memory = createPriceMemory();
    await memory.bookFor('one', [nameOf('a')], NOW, read(null));
    const book = await memory.bookFor('one', [nameOf('a')], NOW + later, read(null));
    expect(book.get(bookKeyOf(nameOf('a')))).toHaveLength(1);
    expect(asked).toHaveLength(reads);
  });

  test('asks only for what it does not know, and remembers that a model has no price', async () => {
    const { asked, read } = directoryOf('a');
    const memory = createPriceMemory();
    await memory.bookFor('one', [nameOf('a'), nameOf('none')], NOW, read(null));
    const book = await memory.bookFor('one', [nameOf('a'), nameOf('none'), nameOf('b')], NOW, read(null));
    expect(asked).toEqual([['a', 'none'], ['b']]);
    expect([...book.values()].map((prices) => prices.length)).toEqual([1, 0, 0]);
  });

  test('gives no organisation the prices of another', async () => {
    const { read } = directoryOf('a');
    const memory = createPriceMemory();
    const ofOne = await memory.bookFor('one', [nameOf('a')], NOW, read('one'));
    const ofTwo = await memory.bookFor('two', [nameOf('a')], NOW, read('two'));
    const ids = [ofOne, ofTwo].map((book) => book.get(bookKeyOf(nameOf('a')))?.[0]?.id);
    expect(ids).toEqual(['one a', 'two a']);
  });

  test('holds no more than 5,000 models, and forgets the oldest', async () => {
    const { asked, read } = directoryOf();
    const memory = createPriceMemory();
    const many = Array.from({ length: 5_001 }, (_, index) => nameOf(String(index)));
    await memory.bookFor('one', many, NOW, read(null));
    await memory.bookFor('one', [nameOf('1')], NOW, read(null));
    expect(asked).toHaveLength(1);
    await memory.bookFor('one', [nameOf('0')], NOW, read(null));
    expect(asked).toHaveLength(2);
  });

  test('remembers nothing of a look-up that failed', async () => {
    const { asked, read } = directoryOf('a');
    const memory = createPriceMemory();
    const fail = async () => Promise.reject(new Error('away'));
    await expect(memory.bookFor('one', [nameOf('a')], NOW, fail)).rejects.toThrow('away');
    await memory.bookFor('one', [nameOf('a')], NOW, read(null));
    expect(asked).toHaveLength(1);
  });
});
