/** What calls cost by the book. seeded-prices.test.ts holds the seeded one against an oracle of its own. */
import { describe, expect, test } from 'vitest';
import {
  type BookPrice,
  ceilingCostOf,
  costOf,
  findPrices,
  makePriceBook,
  type PricedCall,
  priceCall,
} from '../../../src/ai/prices/price-book.ts';
import { formatQuantity } from '../../../src/core/decimal.ts';
import { readSeed, type SeedRow } from '../../../src/platform/local/generate-model-prices.ts';
import { uuid } from '../../rollup/hot-events.ts';

const T0 = Date.UTC(2026, 0, 1);
const OURS = uuid(1);
const THEIRS = uuid(2);

const price = (fields: Partial<BookPrice>): BookPrice => ({
  id: 'p',
  organisation_id: null,
  provider: 'anthropic',
  model: 'm',
  token_kind: 'input',
  price_per_million: '3',
  service_tier: 'standard',
  min_prompt_tokens: 0,
  from_ms: T0,
  to_ms: null,
  ...fields,
});

const NO_TOKENS = {
  input: 0n,
  output: 0n,
  cache_read: 0n,
  cache_write_5m: 0n,
  cache_write_1h: 0n,
  reasoning: 0n,
};

const call = (tokens: Partial<PricedCall['tokens']>, fields: Partial<PricedCall> = {}): PricedCall => ({
  organisation_id: OURS,
  provider: 'anthropic',
  model: 'm',
  service_tier: null,
  occurred_at: T0,
  ...fields,
  tokens: { ...NO_TOKENS, ...tokens },
});

const dollars = (book: readonly BookPrice[], of: PricedCall): string | null => {
  const cost = priceCall(makePriceBook(book), of);
  return cost && formatQuantity(cost.cost_usd);
};

const SONNET = [
  price({ id: 'i' }),
  price({ id: 'o', token_kind: 'output', price_per_million: '15' }),
  price({ id: 'r', token_kind: 'cache_read', price_per_million: '0.3' }),
  price({ id: 'w', token_kind: 'cache_write_5m', price_per_million: '3.75' }),
];

describe('a call costs', () => {
  test.each<[string, readonly BookPrice[], PricedCall, string | null]>([
    ['nothing that is known, without a price', [], call({ input: 1n }), null],
    ['nothing that is known, without tokens of an unknown model', [], call({}), null],
    ['zero, without tokens of a known model', SONNET, call({}), '0'],
    ['zero, for a model that is free', [price({ price_per_million: '0' })], call({ input: 5n }), '0'],
    [
      'the smallest unit, for a token at the smallest price',
      [price({ price_per_million: '0.000001' })],
      call({ input: 1n }),
      '0.000000000001',
    ],
    [
      'each kind at its own price',
      SONNET,
      call({ input: 740n, cache_read: 2000n, cache_write_5m: 2000n, output: 255n }),
      '0.014145',
    ],
    ['its reasoning as output, where that has no price', SONNET, call({ reasoning: 1_000_000n }), '15'],
    [
      'its reasoning at its own price',
      [...SONNET, price({ token_kind: 'reasoning', price_per_million: '9' })],
      call({ reasoning: 1_000_000n }),
      '9',
    ],
    [
      'nothing that is known, where one kind has no price',
      SONNET,
      call({ input: 5n, cache_write_1h: 1n }),
      null,
    ],
    [
      'nothing that is known, of a model whose name begins so',
      SONNET,
      call({ input: 1n }, { model: 'm-5' }),
      null,
    ],
    [
      'nothing that is known, of a model whose name the price begins with',
      SONNET,
      call({ input: 1n }, { model: '' }),
      null,
    ],
    [
      'nothing that is known, of the same name elsewhere',
      SONNET,
      call({ input: 1n }, { provider: 'openai' }),
      null,
    ],
    [
      'the same, whatever name of the vendor',
      [price({ provider: 'google' })],
      call({ input: 1_000_000n }, { provider: 'gcp.vertex_ai' }),
      '3',
    ],
    [
      'the standard price where the vendor says default',
      SONNET,
      call({ input: 1_000_000n }, { service_tier: 'default' }),
      '3',
    ],
    [
      'nothing that is known, in another service tier',
      SONNET,
      call({ input: 1n }, { service_tier: 'flex' }),
      null,
    ],
    [
      'what its service tier costs',
      [...SONNET, price({ service_tier: 'batch', price_per_million: '1.5' })],
      call({ input: 1_000_000n }, { service_tier: 'batch' }),
      '1.5',
    ],
  ])('%s', (_, book, of, expected) => {
    expect(dollars(book, of)).toBe(expected);
  });

  const DATED = [
    price({ id: 'a', from_ms: T0, to_ms: T0 + 10, price_per_million: '1' }),
    price({ id: 'b', from_ms: T0 + 10, to_ms: T0 + 20, price_per_million: '2' }),
  ];
  test.each([
    ['before the first', -1, null],
    ['at the beginning of the first', 0, '1'],
    ['at the last moment of the first', 9, '1'],
    ['at the beginning of the second', 10, '2'],
    ['at the end of the last', 20, null],
  ])('what was in force at its instant: %s', (_, at, expected) => {
    expect(dollars(DATED, call({ input: 1_000_000n }, { occurred_at: T0 + at }))).toBe(expected);
  });

  const STEPS = [
    price({ id: 'low', price_per_million: '1' }),
    price({ id: 'high', price_per_million: '2', min_prompt_tokens: 200_001 }),
  ];
  test.each<[string, Partial<PricedCall['tokens']>, string]>([
    ['below the step', { input: 200_000n }, 'low'],
    ['at the step', { input: 200_001n }, 'high'],
    ['above it, with what the cache gave', { input: 1n, cache_read: 200_000n }, 'high'],
    [
      'above it, with what was written to the cache',
      { input: 1n, cache_write_5m: 100_000n, cache_write_1h: 100_000n },
      'high',
    ],
    ['below it, for output is no prompt', { input: 1n, output: 500_000n }, 'low'],
  ])('by the step that its prompt reaches: %s', (_, tokens, expected) => {
    expect(findPrices(makePriceBook(STEPS), call(tokens)).input?.id).toBe(expected);
  });

  test.each<[string, Partial<BookPrice>, string]>([
    ['its own', { organisation_id: OURS }, 'other'],
    ['not the own one of another', { organisation_id: THEIRS }, 'high'],
    ['not its own where that has ended', { organisation_id: OURS, to_ms: T0 }, 'high'],
    ['not its own of another kind', { organisation_id: OURS, token_kind: 'output' }, 'high'],
    ['not its own above the prompt', { organisation_id: OURS, min_prompt_tokens: 900_000 }, 'high'],
  ])(
    "an organisation's own price goes before everyone's, however high the step of that: %s",
    (_, own, expected) => {
      const other = price({ id: 'other', from_ms: T0 - 5, ...own });
      for (const book of [
        [other, ...STEPS],
        [...STEPS, other],
      ])
        expect(findPrices(makePriceBook(book), call({ input: 300_000n })).input?.id).toBe(expected);
    },
  );

  test('names each price that made it once, and none that did not', () => {
    const cost = costOf(
      { ...NO_TOKENS, output: 1n, reasoning: 1n },
      findPrices(makePriceBook(SONNET), call({ output: 1n })),
    );
    expect(cost?.price_ids).toEqual(['o']);
  });
});

test.each<[string, Partial<PricedCall['tokens']>, string, bigint | null]>([
  ['every kind alike', { input: 1000n, output: 200n }, '20', 24_000_000_000n],
  [
    'one token of each',
    { input: 1n, output: 1n, cache_read: 1n, cache_write_5m: 1n, cache_write_1h: 1n, reasoning: 1n },
    '0.000001',
    6n,
  ],
  ['nothing of a call without tokens', {}, '20', null],
])('a ceiling prices %s', (_, tokens, ceiling, expected) => {
  expect(ceilingCostOf({ ...NO_TOKENS, ...tokens }, ceiling)).toBe(expected);
});

const seed = readSeed();
const seeded = Object.entries(seed).flatMap(([provider, models]) =>
  Object.entries(models).map(([model, rows]) => ({ provider, model, rows })),
);
const instantOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const bookOf = (provider: string, model: string, rows: readonly SeedRow[]): BookPrice[] =>
  rows.map(([token_kind, price_per_million, min_prompt_tokens = 0, from = null, to = null], index) =>
    price({
      id: `${index}`,
      provider,
      model,
      token_kind,
      price_per_million,
      min_prompt_tokens,
      from_ms: from === null ? 0 : instantOf(from),
      to_ms: to === null ? null : instantOf(to),
    }),
  );

describe('the seeded book', () => {
  test('never has two prices for one kind, step and moment', () => {
    for (const { provider, model, rows } of seeded) {
      const book = bookOf(provider, model, rows);
      const clashes = book.filter((a, index) =>
        book
          .slice(index + 1)
          .some(
            (b) =>
              a.token_kind === b.token_kind &&
              a.min_prompt_tokens === b.min_prompt_tokens &&
              a.from_ms < (b.to_ms ?? Number.POSITIVE_INFINITY) &&
              b.from_ms < (a.to_ms ?? Number.POSITIVE_INFINITY),
          ),
      );
      expect([model, clashes]).toEqual([model, []]);
    }
  });
});
