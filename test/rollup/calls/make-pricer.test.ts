import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BookPrice,
  makePriceBook,
  makePricer,
  type PricedCall,
  priceCall,
} from '../../../src/ai/prices/price-book.ts';

const instant = fc.integer({ min: 0, max: 6 });
const model = fc.constantFrom('large', 'small');
const tier = fc.constantFrom('standard', 'batch');
const organisation_id = fc.constantFrom('ours', 'theirs');

// Only one token kind, so that most calls are priced, and most differently from the call before.
const prices: fc.Arbitrary<BookPrice[]> = fc
  .array(
    fc.record({
      organisation_id: fc.option(organisation_id),
      provider: fc.constant('anthropic'),
      model,
      token_kind: fc.constant('input' as const),
      price_per_million: fc.constantFrom('0', '1.5', '0.000001'),
      service_tier: tier,
      min_prompt_tokens: fc.constantFrom(0, 10, 20),
      from_ms: instant,
      to_ms: fc.option(instant),
    }),
    { minLength: 5, maxLength: 20 },
  )
  .map((each) => each.map((price, index) => ({ ...price, id: String(index) })));

const NONE = { input: 0n, output: 0n, cache_read: 0n, cache_write_5m: 0n, cache_write_1h: 0n, reasoning: 0n };
const call: fc.Arbitrary<PricedCall> = fc.record({
  organisation_id,
  provider: fc.constantFrom('anthropic', 'other'),
  model,
  service_tier: fc.option(tier),
  occurred_at: instant,
  tokens: fc.constantFrom(1n, 9n, 10n, 11n, 20n).map((input) => ({ ...NONE, input })),
});

test('calls priced one after another cost what each costs alone', () => {
  fc.assert(
    fc.property(prices, fc.array(call, { maxLength: 40 }), (all, calls) => {
      const book = makePriceBook(all);
      const price = makePricer(book);
      expect(calls.map(price)).toEqual(calls.map((each) => priceCall(book, each)));
    }),
    { numRuns: 300 },
  );
});
