/** Whether a cost computed at the edge matches the price book at the time the call was received. */
import { describe, expect, test } from 'vitest';
import { type LedgerPrice, matchesBookAt, type PricedCall } from '../../../src/ai/prices/price-book.ts';

const RECEIVED = Date.UTC(2026, 5, 1);
const price = (id: string, fields: Partial<LedgerPrice> = {}): LedgerPrice => ({
  id,
  organisation_id: null,
  provider: 'acme',
  model: 'm',
  token_kind: 'input',
  price_per_million: '3',
  service_tier: 'standard',
  min_prompt_tokens: 0,
  from_ms: 0,
  to_ms: null,
  entered_ms: 0,
  changed_ms: 0,
  ...fields,
});
const CALL: PricedCall = {
  organisation_id: 'ours',
  provider: 'acme',
  model: 'm',
  service_tier: null,
  occurred_at: RECEIVED - 1000,
  tokens: { input: 10n, output: 0n, cache_read: 0n, cache_write_5m: 0n, cache_write_1h: 0n, reasoning: 0n },
};
const foundBy = (...price_ids: string[]) => ({ cost_usd: 30_000_000n, price_ids });
const own = (fields: Partial<LedgerPrice>) =>
  price('own', { organisation_id: 'ours', price_per_million: '5', ...fields });

describe('the cost of 10 tokens at 3, found by price a', () => {
  test.each<[string, LedgerPrice[], boolean]>([
    ['a alone is in the book', [price('a')], true],
    ['the book is empty', [], false],
    ['a is not in it, but another of the same amount', [price('b')], false],
    ['a has another amount', [price('a', { price_per_million: '2' })], false],
    ['a is for another model', [price('a', { model: 'other' })], false],
    ['a began after the call', [price('a', { from_ms: RECEIVED })], false],
    ['a had ended before the call', [price('a', { to_ms: RECEIVED - 1000 })], false],
    ['a had ended after it', [price('a', { to_ms: RECEIVED - 999 })], true],
    ['a was ended since, from before the call', [price('a', { to_ms: 1, changed_ms: RECEIVED + 1 })], true],
    ['a was ended in the moment of receipt', [price('a', { to_ms: 1, changed_ms: RECEIVED })], false],
    [
      'a was ended since, and so was the one before it, which had ended when a began',
      [
        price('a', { from_ms: 10, to_ms: 20, changed_ms: RECEIVED + 1 }),
        price('before', { to_ms: 5, price_per_million: '7', changed_ms: RECEIVED + 1 }),
      ],
      true,
    ],
    [
      'an own price was ended since, which ruled then',
      [price('a'), own({ to_ms: 5, changed_ms: RECEIVED + 1 })],
      false,
    ],
    ['an own price was there', [price('a'), own({ entered_ms: RECEIVED })], false],
    [
      'an own price came since',
      [price('a'), own({ entered_ms: RECEIVED + 1, changed_ms: RECEIVED + 1 })],
      true,
    ],
    ["another's own price was there", [price('a'), own({ organisation_id: 'theirs' })], true],
    [
      "a came since by the ledger's clock",
      [price('a', { entered_ms: RECEIVED + 9, changed_ms: RECEIVED + 9 })],
      true,
    ],
  ])('%s', (_, book, expected) => {
    expect(matchesBookAt(foundBy('a'), book, CALL, RECEIVED)).toBe(expected);
  });

  test('a cost that no price made, or one price too many, is not borne out', () => {
    expect(matchesBookAt({ cost_usd: 0n, price_ids: [] }, [price('a')], CALL, RECEIVED)).toBe(false);
    expect(
      matchesBookAt(foundBy('a', 'b'), [price('a'), price('b', { token_kind: 'output' })], CALL, RECEIVED),
    ).toBe(false);
  });
});
