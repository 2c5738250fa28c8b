/** AI calls as clients of the simulation send them, read by the product's own reader. */

import { namedContent } from '../../src/ai/call-content.ts';
import {
  type LedgerPrice,
  makePriceBook,
  type PriceBook,
  priceCall,
} from '../../src/ai/prices/price-book.ts';
import type { UsageEvent } from '../../src/ingest/event.ts';
import { pricedText } from '../../src/ingest/generations/price-calls.ts';
import { readGeneration } from '../../src/ingest/generations/read-generation.ts';
import type { Random } from './random.ts';
import { DAY, START } from './world.ts';

type Prices = readonly (readonly [LedgerPrice['token_kind'], string])[];

const bookOf = (prices: Prices, of: number): LedgerPrice[] =>
  prices.map(([token_kind, price_per_million], index) => ({
    id: `00000000-0000-7000-8000-0000000000${of}${index}`,
    organisation_id: null,
    provider: 'anthropic',
    model: 'large',
    token_kind,
    price_per_million,
    service_tier: 'standard',
    min_prompt_tokens: 0,
    from_ms: 0,
    to_ms: null,
    entered_ms: 0,
    changed_ms: 0,
  }));

/** What the ledger's book knows: of the larger model alone. USD for a million tokens. */
export const BOOK = bookOf(
  [
    ['input', '3'],
    ['output', '15'],
    ['cache_read', '0.3'],
    ['cache_write_5m', '3.75'],
    ['cache_write_1h', '0.000001'],
  ],
  1,
);
/** What an edge may still believe, or have read of half a publication. */
const EDGE_BOOKS = [
  BOOK,
  bookOf(
    BOOK.map(({ token_kind }) => [token_kind, '2']),
    2,
  ),
  BOOK.map((price) => ({ ...price, price_per_million: '1' })),
  BOOK.slice(0, 2),
].map(makePriceBook);

const MOST_TOKENS = 999_999_999_999;

/** Which call it is: by the vendor's response, or by the caller's key alone. */
export type CallIdentity = { readonly response_id: string } | { readonly idempotency_key: string };

export function makeCall(random: Random, identity: CallIdentity): UsageEvent {
  const some = <T>(field: string, values: readonly T[]): object =>
    random.chance(0.5) ? { [field]: random.pick(values) } : {};
  const raw = {
    provider: 'anthropic',
    model: random.pick(['large', 'small']),
    scene: random.pick(['chat', 'search']),
    status: random.pick(['success', 'success', 'failed', 'timeout', 'cancelled']),
    tokens: {
      convention: 'disjoint',
      input: random.pick([0, 5, MOST_TOKENS]),
      output: random.pick([0, 7]),
      ...some('cache_read', [0, 11]),
      ...some('cache_write_5m', [13]),
      ...some('cache_write_1h', [17]),
      ...some('reasoning', [19]),
    },
    ...some('cost_usd', ['0', '0.000000000001', '12.5']),
    ...some('user_id', ['ann', 'bob']),
    ...some('duration_ms', [0, 250]),
    ...some('session_id', ['s1', 's2']),
    ...some('sku', ['basic', 'pro']),
    ...some('request_data', [{ q: 1 }, 'text']),
    ...some('occurred_at', [START - 15 * DAY + Math.floor(random.next() * 45 * DAY)]),
    idempotency_key: `own ${random.between(1, 9)}`,
    ...identity,
  };
  const event = readGeneration(raw, undefined, START + 90 * DAY, '');
  if (Array.isArray(event)) throw new Error(`the simulation sends bad calls: ${JSON.stringify(event)}`);
  return random.chance(0.5) ? event : pricedBy(random.pick(EDGE_BOOKS), event);
}

function pricedBy(book: PriceBook, event: UsageEvent): UsageEvent {
  const { generation } = event;
  if (!generation?.unpriced) return event;
  const cost = priceCall(book, { ...generation.unpriced, organisation_id: '', occurred_at: START });
  if (!cost) return event;
  return { ...event, generation: { ...generation, priced: pricedText(cost) } };
}

/** The same call with other content. */
export function makeCallAgain(random: Random, content: string, idempotency_key: string): UsageEvent {
  const { response_id } = namedContent(JSON.parse(content));
  return makeCall(random, typeof response_id === 'string' ? { response_id } : { idempotency_key });
}
