/**
 * Prices the calls of a batch whose senders reported no cost, by the price book at the instant of each call. A
 * cost found at the edge stays if the ledger's book gave the same cost when the call was received. Prices entered
 * or ended between receipt and drain therefore change nothing.
 */
import type { GenerationRow } from '../../ai/generation-row.ts';
import type { ModelName } from '../../ai/prices/model-price.ts';
import {
  bookKeyOf,
  type CallCost,
  ceilingCostOf,
  isSameCost,
  type LedgerPrice,
  makePriceBook,
  makePricer,
  matchesBookAt,
  type PricedCall,
} from '../../ai/prices/price-book.ts';
import { priceProviderOf } from '../../ai/prices/price-provider.ts';
import type { HotEvent } from '../hot-event.ts';
import type { RollupTransaction } from '../ports.ts';

export interface PricedGenerations {
  /** By event id. */
  readonly generations: ReadonlyMap<string, GenerationRow>;
  readonly n_mispriced: number;
}

interface Costing extends PricedCall {
  readonly event: HotEvent;
  readonly row: GenerationRow;
}

/** The rows. Calls without a reported cost get the cost that applies, or else their organisation's ceiling. */
export async function priceGenerations(
  tx: RollupTransaction,
  events: readonly HotEvent[],
  generations: ReadonlyMap<string, GenerationRow>,
): Promise<PricedGenerations> {
  const unpriced = events.filter(({ id }) => isUnpriced(generations.get(id)));
  if (unpriced.length === 0) return { generations, n_mispriced: 0 };
  const prices = await listPricesOf(tx, unpriced, generations);
  const price = makePricer(makePriceBook(prices));
  const priced = new Map<string, GenerationRow>();
  const unknown: Costing[] = [];
  let n_mispriced = 0;
  for (const event of unpriced) {
    // Created only while it is priced: keeping thousands of these objects doubled the time.
    const call = costingOf(event, generations.get(event.id) as GenerationRow);
    const { row } = call;
    const cost = price(call);
    if (isBorneOut(call, cost, prices)) continue;
    if (foundAtEdge(row)) n_mispriced += 1;
    if (cost) priced.set(event.id, { ...row, ...cost, cost_source: 'priced' });
    else unknown.push(call);
  }
  if (unknown.length > 0) await priceByCeiling(tx, unknown, priced);
  return { generations: priced.size === 0 ? generations : new Map([...generations, ...priced]), n_mispriced };
}

const isUnpriced = (row: GenerationRow | undefined): boolean =>
  row !== undefined && row.cost_source !== 'reported';

function costingOf(event: HotEvent, row: GenerationRow): Costing {
  const { provider, model, service_tier, tokens } = row;
  const { organisation_id, timestamp: occurred_at } = event;
  return { event, row, organisation_id, provider, model, service_tier, occurred_at, tokens };
}

const foundAtEdge = ({ cost_usd, price_ids }: GenerationRow): CallCost | null =>
  cost_usd !== null && price_ids !== null ? { cost_usd, price_ids } : null;

/** `cost` is the cost by the current book. */
function isBorneOut(call: Costing, cost: CallCost | null, prices: readonly LedgerPrice[]): boolean {
  const found = foundAtEdge(call.row);
  if (!found) return false;
  if (cost && isSameCost(found, cost)) return true;
  return matchesBookAt(found, ofModel(prices, call), call, call.event.ingested_at);
}

const ofModel = (prices: readonly LedgerPrice[], { provider, model }: PricedCall): LedgerPrice[] =>
  prices.filter((price) => price.model === model && price.provider === priceProviderOf(provider));

async function listPricesOf(
  tx: RollupTransaction,
  events: readonly HotEvent[],
  generations: ReadonlyMap<string, GenerationRow>,
): Promise<LedgerPrice[]> {
  const organisationIds = new Set<string>();
  const models = new Map<string, ModelName>();
  let last: GenerationRow | undefined;
  for (const { id, organisation_id } of events) {
    organisationIds.add(organisation_id);
    const row = generations.get(id) as GenerationRow;
    if (row.model !== last?.model || row.provider !== last.provider) {
      const name = { provider: priceProviderOf(row.provider), model: row.model };
      models.set(bookKeyOf(name), name);
    }
    last = row;
  }
  return await tx.listModelPrices([...organisationIds], [...models.values()]);
}

async function priceByCeiling(
  tx: RollupTransaction,
  unknown: readonly Costing[],
  priced: Map<string, GenerationRow>,
): Promise<void> {
  const ceilings = await tx.listCeilings([...new Set(unknown.map(({ event }) => event.organisation_id))]);
  for (const { event, row } of unknown) {
    const ceiling = ceilings.get(event.organisation_id);
    const cost_usd = ceiling === undefined ? null : ceilingCostOf(row.tokens, ceiling);
    priced.set(event.id, {
      ...row,
      cost_usd,
      cost_source: cost_usd === null ? 'unpriced' : 'ceiling',
      price_ids: null,
    });
  }
}
