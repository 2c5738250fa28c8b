/** What the calls of a batch cost whose senders did not say: by the price book, at the instant each of them happened. */
import type { GenerationRow } from '../ai/generation-row.ts';
import type { ModelName } from '../ai/model-price.ts';
import { ceilingCostOf, makePriceBook, priceCall } from '../ai/price-book.ts';
import { priceProviderOf } from '../ai/price-provider.ts';
import type { HotEvent } from './hot-event.ts';
import type { RollupTransaction } from './ports.ts';

/** The rows, those without a cost with the one that the book gives them, or else their organisation's ceiling; `generations` is by the id of their event. */
export async function priceGenerations(
  tx: RollupTransaction,
  events: readonly HotEvent[],
  generations: ReadonlyMap<string, GenerationRow>,
): Promise<ReadonlyMap<string, GenerationRow>> {
  const unpriced = events.flatMap((event) => {
    const row = generations.get(event.id);
    return row?.cost_source === 'unpriced' ? [{ event, row }] : [];
  });
  if (unpriced.length === 0) return generations;
  const organisationIds = [...new Set(unpriced.map(({ event }) => event.organisation_id))];
  const models = new Map<string, ModelName>();
  for (const { row } of unpriced) {
    const provider = priceProviderOf(row.provider);
    models.set(`${provider}\0${row.model}`, { provider, model: row.model });
  }
  const book = makePriceBook(await tx.listModelPrices(organisationIds, [...models.values()]));
  const priced = new Map(generations);
  const unknown: typeof unpriced = [];
  for (const { event, row } of unpriced) {
    const cost = priceCall(book, {
      organisation_id: event.organisation_id,
      provider: row.provider,
      model: row.model,
      service_tier: row.service_tier,
      occurred_at: event.timestamp,
      tokens: row.tokens,
    });
    if (cost) priced.set(event.id, { ...row, ...cost, cost_source: 'priced' });
    else unknown.push({ event, row });
  }
  if (unknown.length === 0) return priced;
  const ceilings = await tx.listCeilings([...new Set(unknown.map(({ event }) => event.organisation_id))]);
  for (const { event, row } of unknown) {
    const ceiling = ceilings.get(event.organisation_id);
    const cost_usd = ceiling === undefined ? null : ceilingCostOf(row.tokens, ceiling);
    if (cost_usd !== null) priced.set(event.id, { ...row, cost_usd, cost_source: 'ceiling' });
  }
  return priced;
}
