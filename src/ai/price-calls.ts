/**
 * What the calls of a request cost whose senders did not say, by what is published of the price book: found before the
 * answer, so that the edge knows what has been spent. The drain checks it against the ledger's book, and prices what could
 * not be priced here.
 */
import { formatQuantity } from '../core/decimal.ts';
import type { EventGeneration, ReadEvent, UsageEvent } from '../ingest/event.ts';
import { COST_METRIC, COST_UNIT } from './metered-quantities.ts';
import type { ModelName } from './model-price.ts';
import { bookKeyOf, makePricer, type PriceBook } from './price-book.ts';
import { priceProviderOf } from './price-provider.ts';

const COST_PAIR = [COST_METRIC, COST_UNIT] as const;

type UnpricedCall = NonNullable<EventGeneration['unpriced']>;

const unpricedOf = (read: ReadEvent): UnpricedCall | null =>
  Array.isArray(read) ? null : (read.generation?.unpriced ?? null);

/** `now` stands for the instant of calls that name none. Where the prices cannot be read the calls stay as they are. */
export async function priceCalls<Read extends ReadEvent>(
  events: readonly Read[],
  organisationId: string,
  now: number,
  bookFor: (models: readonly ModelName[]) => Promise<PriceBook>,
): Promise<readonly Read[]> {
  const models = new Map<string, ModelName>();
  let last: UnpricedCall | null = null;
  for (const read of events) {
    const call = unpricedOf(read);
    // Calls of one request are mostly of few models, in runs.
    if (call === null || (call.model === last?.model && call.provider === last.provider)) continue;
    last = call;
    const name = { provider: priceProviderOf(call.provider), model: call.model };
    models.set(bookKeyOf(name), name);
  }
  if (models.size === 0) return events;
  const book = await bookFor([...models.values()]).catch(() => null);
  if (book === null) return events;
  const price = makePricer(book);
  return events.map((read) => withCost(read, organisationId, now, price));
}

function withCost<Read extends ReadEvent>(
  read: Read,
  organisation_id: string,
  now: number,
  price: ReturnType<typeof makePricer>,
): Read {
  const call = unpricedOf(read);
  if (call === null) return read;
  // Only what is a generation has a call without a cost.
  const event = read as UsageEvent & { readonly generation: EventGeneration };
  const { provider, model, service_tier, tokens } = call;
  const occurred_at = event.timestamp ?? now;
  const cost = price({ organisation_id, provider, model, service_tier, occurred_at, tokens });
  if (cost === null) return read;
  // Member by member, for each of the thousands of calls of a request: a spread takes three times as long.
  const { json, fingerprint, metered, unpriced, nesting } = event.generation;
  const generation: EventGeneration = {
    json,
    fingerprint,
    metered: cost.cost_usd === 0n ? metered : [...metered, COST_PAIR],
    unpriced,
    priced: JSON.stringify({ cost_usd: formatQuantity(cost.cost_usd), price_ids: cost.price_ids }),
    ...(nesting && { nesting }),
  };
  const priced: UsageEvent = { ...event, generation };
  // A Read that has a call is an event.
  return priced as Read;
}
