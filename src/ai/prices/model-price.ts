/** What a vendor asks for a million tokens of one kind, of one model, from one instant to another. */
import { canonicalDecimal } from '../../core/decimal.ts';
import type { Fault } from '../../core/error.ts';
import type { TokenKind } from '../generation-row.ts';

export interface ModelName {
  /** As `priceProviderOf` names it. */
  readonly provider: string;
  /** Exact: a price of `gpt-5` does not apply to `gpt-5-mini`. */
  readonly model: string;
}

export interface ModelPrice extends ModelName {
  readonly id: string;
  /** Null: for every organisation that has no price of its own. */
  readonly organisation_id: string | null;
  readonly token_kind: TokenKind;
  /** USD, a canonical decimal. */
  readonly price_per_million: string;
  readonly service_tier: string;
  /** For calls whose prompt (input and cache, read and written) has at least so many tokens. */
  readonly min_prompt_tokens: number;
  /** [effective_from, effective_to), RFC 3339; null for no end. */
  readonly effective_from: string;
  readonly effective_to: string | null;
  readonly source: string;
  readonly source_version: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export const STANDARD_TIER = 'standard';
export const MANUAL_SOURCE = 'manual';
export const MIN_PROMPT_TOKENS_MAX = 2_147_483_647;

export const PRICE_INTEGER_DIGITS = 10;
/** Six, so that one token costs a whole number of 10^-12 USD: costs are exact in what the ledger stores, never rounded. */
export const PRICE_DECIMALS = 6;

export const PRICE_DETAIL = `Must be a non-negative decimal with at most ${PRICE_INTEGER_DIGITS} integer digits and ${PRICE_DECIMALS} decimals.`;

const PRICE = new RegExp(`^\\d{1,${PRICE_INTEGER_DIGITS}}(?:\\.\\d{1,${PRICE_DECIMALS}})?$`);

/** The canonical text of a price ('03.50' → '3.5'); null if it is not plain or too long. Zero is a price: some models are free. */
export const readPrice = (text: string): string | null => (PRICE.test(text) ? canonicalDecimal(text) : null);

/** The same for a ceiling, which is above zero: an unknown cost is never taken to be none. */
export function readCeiling(text: string): string | null {
  const price = readPrice(text);
  return price === '0' ? null : price;
}

/** Vendors also say `default` of what others call `standard`, and many say nothing. */
export function priceTierOf(serviceTier: string | null): string {
  const tier = serviceTier?.toLowerCase() ?? STANDARD_TIER;
  return tier === 'default' ? STANDARD_TIER : tier;
}

/** `invalid_decimal` for a price that is none, `invalid_order` where it would end before it begins; instants in milliseconds. */
export function findPriceFaults(price: {
  readonly price_per_million: string;
  readonly effective_from: number;
  readonly effective_to: number | null;
}): Fault[] {
  const faults: Fault[] = [];
  if (readPrice(price.price_per_million) === null) {
    faults.push({ pointer: '/price_per_million', code: 'invalid_decimal', detail: PRICE_DETAIL });
  }
  if (price.effective_to !== null && price.effective_to <= price.effective_from) {
    const detail = 'Must be after effective_from.';
    faults.push({ pointer: '/effective_to', code: 'invalid_order', detail });
  }
  return faults;
}
