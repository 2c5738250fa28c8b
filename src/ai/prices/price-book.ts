/** Pure: the prices that apply to a call at the instant it happened, and its exact cost. */
import { decimal, unitsAt } from '../../core/decimal.ts';
import { TOKEN_KINDS, type TokenKind } from '../generation-row.ts';
import { type ModelName, PRICE_DECIMALS, priceTierOf } from './model-price.ts';
import { priceProviderOf } from './price-provider.ts';

/** A price in the book; instants in epoch milliseconds. */
export interface BookPrice extends ModelName {
  readonly id: string;
  readonly organisation_id: string | null;
  readonly token_kind: TokenKind;
  /** Decimal text with at most six decimals. */
  readonly price_per_million: string;
  readonly service_tier: string;
  readonly min_prompt_tokens: number;
  readonly from_ms: number;
  readonly to_ms: number | null;
}

/** A price in the ledger, with the time of its entry and of its last change, which set its end. */
export interface LedgerPrice extends BookPrice {
  readonly entered_ms: number;
  readonly changed_ms: number;
}

/** The prices of each provider and model, by `bookKeyOf`. */
export type PriceBook = ReadonlyMap<string, readonly BookPrice[]>;

export interface PricedCall {
  readonly organisation_id: string;
  readonly provider: string;
  readonly model: string;
  readonly service_tier: string | null;
  /** Epoch milliseconds. */
  readonly occurred_at: number;
  /** The kinds are disjoint. */
  readonly tokens: Readonly<Record<TokenKind, bigint>>;
}

export type RulingPrices = Readonly<Partial<Record<TokenKind, BookPrice>>>;

/** The key of a PriceBook; the provider is reduced to one name by `priceProviderOf`. */
export const bookKeyOf = ({ provider, model }: ModelName): string => `${provider}\0${model}`;

export function makePriceBook(prices: readonly BookPrice[]): PriceBook {
  const book = new Map<string, BookPrice[]>();
  for (const price of prices) {
    const key = bookKeyOf(price);
    const known = book.get(key);
    if (known) known.push(price);
    else book.set(key, [price]);
  }
  return book;
}

/** The size by which vendors choose the price step: everything that was sent, cached or not. */
const promptOf = ({ tokens }: PricedCall): bigint =>
  tokens.input + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h;

/**
 * The price that applies to each kind: of exactly the call's model and service tier, in force at its instant,
 * with the highest step that its prompt reaches. The organisation's own prices take precedence over general
 * ones. Reasoning without a price of its own is priced as output.
 */
export function findPrices(book: PriceBook, call: PricedCall): RulingPrices {
  const tier = priceTierOf(call.service_tier);
  const prompt = promptOf(call);
  const found: Partial<Record<TokenKind, BookPrice>> = {};
  for (const price of pricesOf(book, call)) {
    if (price.service_tier !== tier || BigInt(price.min_prompt_tokens) > prompt) continue;
    if (price.organisation_id !== null && price.organisation_id !== call.organisation_id) continue;
    if (price.from_ms > call.occurred_at) continue;
    if (price.to_ms !== null && price.to_ms <= call.occurred_at) continue;
    const other = found[price.token_kind];
    if (!other || goesBefore(price, other)) found[price.token_kind] = price;
  }
  if (found.output && !found.reasoning) found.reasoning = found.output;
  return found;
}

const pricesOf = (book: PriceBook, { provider, model }: ModelName): readonly BookPrice[] =>
  book.get(bookKeyOf({ provider: priceProviderOf(provider), model })) ?? [];

/** An organisation's own price takes precedence over any general one, whatever its step. */
function goesBefore(price: BookPrice, other: BookPrice): boolean {
  const isOwn = price.organisation_id !== null;
  const isOtherOwn = other.organisation_id !== null;
  return isOwn === isOtherOwn ? price.min_prompt_tokens > other.min_prompt_tokens : isOwn;
}

/** Computed once for each price: a batch has thousands of calls that share a few prices. */
const tokenCosts = new WeakMap<BookPrice, bigint>();

/** In units of 10^-12 USD: a price per million tokens has units of 10^-6 USD. */
function costOfToken(price: BookPrice): bigint {
  let cost = tokenCosts.get(price);
  if (cost === undefined) {
    cost = unitsAt(decimal(price.price_per_million), PRICE_DECIMALS);
    tokenCosts.set(price, cost);
  }
  return cost;
}

export interface CallCost {
  /** In units of 10^-12 USD. */
  readonly cost_usd: bigint;
  /** The prices used, each once, in the order of the kinds. */
  readonly price_ids: readonly string[];
}

/**
 * Σ tokens × price / 1,000,000, exact. Null if the model has no price at that instant, or if a kind that has
 * tokens has no price: a cost is known in full or not at all, and an unknown cost is never treated as zero.
 *
 * 740 input at 3, 2,000 cache_read at 0.3, 2,000 cache_write_5m at 3.75 and 255 output at 15 USD per million
 * cost (2,220 + 600 + 7,500 + 3,825) / 1,000,000 = 0.014145 USD.
 */
export function costOf(tokens: PricedCall['tokens'], prices: RulingPrices): CallCost | null {
  let cost_usd = 0n;
  let isKnown = false;
  let kinds = 0;
  for (let bit = 0; bit < TOKEN_KINDS.length; bit++) {
    const kind = TOKEN_KINDS[bit] as TokenKind;
    const price = prices[kind];
    if (price) isKnown = true;
    const count = tokens[kind];
    if (count === 0n) continue;
    if (!price) return null;
    cost_usd += count * costOfToken(price);
    kinds |= 1 << bit;
  }
  return isKnown ? { cost_usd, price_ids: idsOf(prices, kinds) } : null;
}

/** Indexed by a bit mask of the kinds in a call. Built once, so that similar calls share one list. */
const idLists = new WeakMap<RulingPrices, Map<number, readonly string[]>>();

function idsOf(prices: RulingPrices, kinds: number): readonly string[] {
  const lists = idLists.get(prices) ?? new Map<number, readonly string[]>();
  let ids = lists.get(kinds);
  if (!ids) {
    ids = [
      ...new Set(TOKEN_KINDS.flatMap((kind, bit) => (kinds & (1 << bit) ? (prices[kind]?.id ?? []) : []))),
    ];
    idLists.set(prices, lists.set(kinds, ids));
  }
  return ids;
}

/**
 * The upper bound of a call's cost, in units of 10^-12 USD, at the organisation's single price per million
 * tokens of any kind; null for a call without tokens, whose cost cannot be bounded. 1,000 input and 200 output
 * tokens at 20 USD: 0.024 USD.
 */
export function ceilingCostOf(tokens: PricedCall['tokens'], pricePerMillion: string): bigint | null {
  const count = TOKEN_KINDS.reduce((sum, kind) => sum + tokens[kind], 0n);
  return count === 0n ? null : count * unitsAt(decimal(pricePerMillion), PRICE_DECIMALS);
}

/** The call's cost by the book; null if unpriced. */
export const priceCall = (book: PriceBook, call: PricedCall): CallCost | null =>
  costOf(call.tokens, findPrices(book, call));

/**
 * `priceCall` for many calls of few models. It reuses the prices of the model's previous call if no start, end
 * or step of a price lies between the two calls.
 */
export function makePricer(book: PriceBook): (call: PricedCall) => CallCost | null {
  const lastOf = new Map<string, { call: PricedCall; prices: RulingPrices; reach: Reach }>();
  return (call) => {
    let last = lastOf.get(call.model);
    if (!last || !isOfSame(call, last.call) || !isWithin(last.reach, call)) {
      last = { call, prices: findPrices(book, call), reach: reachOf(book, call) };
      lastOf.set(call.model, last);
    }
    return costOf(call.tokens, last.prices);
  };
}

/** [from, to) of instants, and of prompt tokens. */
interface Reach {
  from_ms: number;
  to_ms: number;
  from_prompt: number;
  to_prompt: number;
}

const isOfSame = (call: PricedCall, other: PricedCall): boolean =>
  call.provider === other.provider &&
  call.service_tier === other.service_tier &&
  call.organisation_id === other.organisation_id;

// Comparing a bigint with a number is exact, whatever their size.
const isWithin = ({ from_ms, to_ms, from_prompt, to_prompt }: Reach, call: PricedCall): boolean => {
  const prompt = promptOf(call);
  return (
    from_ms <= call.occurred_at && call.occurred_at < to_ms && from_prompt <= prompt && prompt < to_prompt
  );
};

function reachOf(book: PriceBook, call: PricedCall): Reach {
  const endless = Number.POSITIVE_INFINITY;
  const reach = { from_ms: -endless, to_ms: endless, from_prompt: -endless, to_prompt: endless };
  const prompt = promptOf(call);
  for (const { from_ms, to_ms, min_prompt_tokens: step } of pricesOf(book, call)) {
    for (const instant of [from_ms, to_ms ?? endless]) {
      if (instant <= call.occurred_at) reach.from_ms = Math.max(reach.from_ms, instant);
      else reach.to_ms = Math.min(reach.to_ms, instant);
    }
    if (step <= prompt) reach.from_prompt = Math.max(reach.from_prompt, step);
    else reach.to_prompt = Math.min(reach.to_prompt, step);
  }
  return reach;
}

export const isSameCost = (a: CallCost, b: CallCost): boolean =>
  a.cost_usd === b.cost_usd &&
  a.price_ids.length === b.price_ids.length &&
  a.price_ids.every((id, index) => id === b.price_ids[index]);

/**
 * Whether the cost determined by the edge matches the ledger's book as of the call's receipt. Prices entered
 * later do not count unless the edge named them, because the clocks differ. A price ended later is treated as
 * still open, unless it would then apply together with one that the edge named: since two never apply at once,
 * its end must have been set before.
 */
export function matchesBookAt(
  found: CallCost,
  prices: readonly LedgerPrice[],
  call: PricedCall,
  receivedAt: number,
): boolean {
  const named = prices.filter(({ id }) => found.price_ids.includes(id));
  const before = prices
    .filter((price) => price.entered_ms <= receivedAt || named.includes(price))
    .map((price) => {
      const isOpen =
        price.changed_ms > receivedAt &&
        !named.some((other) => other !== price && scopeOf(other) === scopeOf(price));
      return isOpen ? { ...price, to_ms: null } : price;
    });
  const cost = priceCall(makePriceBook(before), call);
  return cost !== null && isSameCost(found, cost);
}

/** The scope within which at most one price applies at an instant: the ledger rejects overlaps. */
const scopeOf = (price: BookPrice): string =>
  JSON.stringify([price.organisation_id, price.token_kind, price.service_tier, price.min_prompt_tokens]);
