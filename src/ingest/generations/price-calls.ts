/**
 * What the calls of a request cost whose senders did not say, by what is published of the price book: found before the
 * answer, so that the edge knows what has been spent. The drain checks it against the ledger's book, and prices what could
 * not be priced here.
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
  // A Read that has a call is an event.
  return priced as Read;
}

/** As the hot row has it, after the content. */
export const pricedText = ({ cost_usd, price_ids }: CallCost): string =>
  `"${formatQuantity(cost_usd)}"${idsText(price_ids)}`;

const idTexts = new WeakMap<readonly string[], string>();

/** As JSON, each after a comma. */
function idsText(ids: readonly string[]): string {
  let text = idTexts.get(ids);
  if (text === undefined) {
    text = ids.map((id) => `,${JSON.stringify(id)}`).join('');
    idTexts.set(ids, text);
  }
  return text;
}
