/** The cost of calls of every seeded model against the oracle, without a database. */
import { expect, test } from 'vitest';
import {
  type BookPrice,
  type CallCost,
  makePriceBook,
  priceCall,
} from '../../../src/ai/prices/price-book.ts';
import { formatQuantity } from '../../../src/core/decimal.ts';
import type { Fraction } from '../../pricing/plans/oracle.ts';
import { type Counts, oracleCost, readSeededModels } from './price-oracle.ts';
import { NO_TOKENS, randomOf } from './seeded-calls.ts';
import { compareBook } from './seeded-prices.ts';

const models = readSeededModels();
const prices = models.flatMap(({ provider, model, rows }) =>
  rows.map(
    (row, index): BookPrice => ({
      id: `${provider}/${model} ${index}`,
      organisation_id: null,
      provider,
      model,
      token_kind: row.kind,
      price_per_million: row.price,
      service_tier: 'standard',
      min_prompt_tokens: Number.parseInt(row.least.toString(), 10),
      from_ms: row.from,
      to_ms: Number.isFinite(row.to) ? row.to : null,
    }),
  ),
);

test('each seeded model costs what fractions say, around every date and step of it, each kind alone and all together', () => {
  const { priced, unpriced, untried, differences } = compareBook(prices, 0x5eed);
  expect(differences).toEqual([]);
  expect(untried).toEqual([]);
  expect([priced > 10 * models.length, unpriced > 10 * models.length]).toEqual([true, true]);
});

const book = makePriceBook(prices);
const AT = Date.UTC(2026, 10, 1);
const CALLS = 100_000;
const PICOS = 10n ** 12n;

function costIn(provider: string, model: string, tokens: Counts): CallCost | null {
  const organisation_id = '00000000-0000-7000-8000-000000000000';
  return priceCall(book, { organisation_id, provider, model, service_tier: null, occurred_at: AT, tokens });
}

test('100,000 calls of 0.000114 USD are 11.4 USD, which floats miss', () => {
  let total = 0n;
  let float = 0;
  for (let i = 0; i < CALLS; i++) {
    total += costIn('openai', 'gpt-4o-mini', { ...NO_TOKENS, input: 360n, output: 100n })?.cost_usd ?? 0n;
    float += 0.000114;
  }
  expect(formatQuantity(total)).toBe('11.4');
  expect(float).not.toBe(11.4);
});

test('100,000 calls of any length are the sum of their fractions', () => {
  const seeded = models.find(({ model }) => model === 'claude-sonnet-4-5');
  if (!seeded) throw new Error('the model is not in the seed');
  const random = randomOf(1);
  let total = 0n;
  let exact = 0n;
  for (let i = 0; i < CALLS; i++) {
    const tokens = {
      ...NO_TOKENS,
      input: random(400_000n),
      output: random(9_000n),
      cache_read: random(9_000n),
    };
    total += costIn(seeded.provider, seeded.model, tokens)?.cost_usd ?? 0n;
    exact += picosOf(oracleCost(seeded, { tokens, tier: null, at: AT }));
  }
  expect(total).toBe(exact);
});

/** In units of 10^-12, of which it must be a whole number. */
function picosOf(cost: Fraction | null): bigint {
  if (cost === null || (cost.over * PICOS) % cost.under !== 0n)
    throw new Error('no whole number of picodollars');
  return (cost.over * PICOS) / cost.under;
}
