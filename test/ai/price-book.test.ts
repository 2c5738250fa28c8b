/** What calls cost by the book, against an arithmetic of fractions that knows nothing of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TOKEN_KINDS, type TokenKind } from '../../src/ai/generation-row.ts';
import {
  type BookPrice,
  ceilingCostOf,
  costOf,
  findPrices,
  makePriceBook,
  type PricedCall,
  priceCall,
} from '../../src/ai/price-book.ts';
import { formatQuantity } from '../../src/core/decimal.ts';
import { readSeed, type SeedRow } from '../../src/platform/local/generate-model-prices.ts';
import { uuid } from '../rollup/hot-events.ts';

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

/** Σ tokens × price / 10^6 as a fraction, from the digits of the prices. */
function oracle(parts: readonly (readonly [bigint, string])[]): [bigint, bigint] {
  let [num, den] = [0n, 1n];
  for (const [tokens, text] of parts) {
    const [whole = '', decimals = ''] = text.split('.');
    const d = 1_000_000n * 10n ** BigInt(decimals.length);
    const n = tokens * BigInt(whole + decimals);
    [num, den] = [num * d + n * den, den * d];
  }
  return [num, den];
}

/** Whether the decimal text is exactly the fraction. */
function isFraction(text: string, [num, den]: readonly [bigint, bigint]): boolean {
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(whole + decimals) * den === num * 10n ** BigInt(decimals.length);
}

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
const BOOK = makePriceBook(seeded.flatMap(({ provider, model, rows }) => bookOf(provider, model, rows)));

/** The same choice, made by looking through the seed's rows. */
function seedPrice(rows: readonly SeedRow[], kind: TokenKind, prompt: bigint, at: number): string | null {
  const ruling = rows.filter(
    ([k, , least = 0, from = null, to = null]) =>
      k === kind &&
      BigInt(least) <= prompt &&
      (from === null || at >= instantOf(from)) &&
      (to === null || at < instantOf(to)),
  );
  return ruling.sort((a, b) => (b[2] ?? 0) - (a[2] ?? 0))[0]?.[1] ?? null;
}

const tokensOf = fc.record(
  Object.fromEntries(
    TOKEN_KINDS.map((kind) => [
      kind,
      fc.oneof(fc.constant(0n), fc.bigInt(0n, 600_000n), fc.bigInt(0n, 999_999_999_999n)),
    ]),
  ) as Record<TokenKind, fc.Arbitrary<bigint>>,
);
const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) });

describe('the seeded book', () => {
  test('prices random calls of every model as fractions do, or not at all where a kind has no price', () => {
    let priced = 0;
    for (const { provider, model, rows } of seeded) {
      const check = (tokens: Record<TokenKind, bigint>, at: number): void => {
        const prompt = tokens.input + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h;
        const parts = TOKEN_KINDS.filter((kind) => tokens[kind] > 0n).map((kind) => {
          const own = seedPrice(rows, kind, prompt, at);
          const text = own ?? (kind === 'reasoning' ? seedPrice(rows, 'output', prompt, at) : null);
          return text === null ? null : ([tokens[kind], text] as const);
        });
        const cost = priceCall(BOOK, call(tokens, { provider, model, occurred_at: at }));
        if (parts.includes(null)) {
          expect([model, cost]).toEqual([model, null]);
          return;
        }
        const exact = oracle(parts.filter((part) => part !== null));
        priced += 1;
        expect([model, cost !== null && isFraction(formatQuantity(cost.cost_usd), exact)]).toEqual([
          model,
          true,
        ]);
      };
      fc.assert(fc.property(tokensOf, instant, check), { numRuns: 3 });
      // Each kind that has a price alone, so that no model is passed over because another kind has none.
      fc.assert(
        fc.property(tokensOf, instant, (tokens, at) => {
          for (const kind of new Set(rows.map(([each]) => each)))
            check({ ...NO_TOKENS, [kind]: tokens[kind] + 1n }, at);
        }),
        { numRuns: 2 },
      );
    }
    expect(priced).toBeGreaterThan(2 * seeded.length);
  }, 30_000);

  test('adds up 100,000 calls of 0.000114 USD to 11.4, and any 100,000 calls to what fractions make', () => {
    const one = [price({ price_per_million: '0.38' })];
    const book = makePriceBook(one);
    let sum = 0n;
    for (let i = 0; i < 100_000; i++) sum += priceCall(book, call({ input: 300n }))?.cost_usd ?? 0n;
    expect(formatQuantity(sum)).toBe('11.4');
    const rows = seed['anthropic']?.['claude-sonnet-4-5'] ?? [];
    let total = 0n;
    let [input, output] = [0n, 0n];
    for (let i = 1n; i <= 100_000n; i++) {
      const tokens = { input: (i * 7919n) % 99_991n, output: (i * 104_729n) % 7_919n };
      [input, output] = [input + tokens.input, output + tokens.output];
      total += priceCall(BOOK, call(tokens, { model: 'claude-sonnet-4-5' }))?.cost_usd ?? 0n;
    }
    const exact = oracle([
      [input, seedPrice(rows, 'input', 0n, T0) ?? ''],
      [output, seedPrice(rows, 'output', 0n, T0) ?? ''],
    ]);
    expect(isFraction(formatQuantity(total), exact)).toBe(true);
  });

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
