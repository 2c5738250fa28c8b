/**
 * Prices the calls of a request that came without a cost, from the published price book. This happens before the
 * response, so that the edge knows what has been spent. The drain checks the cost against the ledger's price book,
 * and prices the calls that could not be priced here.
 */

import { meteredPairs } from '../../ai/metered-quantities.ts';
import type { ModelName } from '../../ai/prices/model-price.ts';
import { bookKeyOf, type CallCost, makePricer, type PriceBook } from '../../ai/prices/price-book.ts';
import { priceProviderOf } from '../../ai/prices/price-provider.ts';
import { formatQuantity } from '../../core/decimal.ts';
import type { EventGeneration, ReadEvent, UsageEvent } from '../event.ts';

type UnpricedCall = NonNullable<EventGeneration['unpriced']>;

const unpricedOf = (read: ReadEvent): UnpricedCall | null =>
  Array.isArray(read) ? null : (read.generation?.unpriced ?? null);

/** Calls without an instant use `now`. If the prices cannot be read, the calls stay unchanged. */
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
    // Most calls of a request use few models, in runs.
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
  // Only an event with a generation has an unpriced call.
  const event = read as UsageEvent & { readonly generation: EventGeneration };
  const { provider, model, service_tier, tokens } = call;
  const occurred_at = event.timestamp ?? now;
  const cost = price({ organisation_id, provider, model, service_tier, occurred_at, tokens });
  if (cost === null) return read;
  // Copied member by member, for thousands of calls per request: a spread takes three times as long.
  const { content, fingerprint, unpriced, nesting } = event.generation;
  const generation: EventGeneration = {
    content,
    fingerprint,
    metered: meteredPairs({ tokens, cost_usd: cost.cost_usd }),
    unpriced,
    priced: pricedText(cost),
    ...(nesting && { nesting }),
  };
  const { metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key } = event;
  const priced: UsageEvent = {
    metric_name,
    metric_value,
    unit,
    timestamp,
    user_id,
    metadata,
    idempotency_key,
    generation,
  };
  // A Read with a call is an event.
  return priced as Read;
}

/** In the form of the hot row, after the content. */
export const pricedText = ({ cost_usd, price_ids }: CallCost): string =>
  `"${formatQuantity(cost_usd)}"${idsText(price_ids)}`;

const idTexts = new WeakMap<readonly string[], string>();

/** As JSON, each preceded by a comma. */
function idsText(ids: readonly string[]): string {
  let text = idTexts.get(ids);
  if (text === undefined) {
    text = ids.map((id) => `,${JSON.stringify(id)}`).join('');
    idTexts.set(ids, text);
  }
  return text;
}
