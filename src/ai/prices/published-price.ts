/** The prices of a model as they are published to the edge: everyone's, or an organisation's own. */
import type { TokenKind } from '../generation-row.ts';
import type { ModelName } from './model-price.ts';
import type { BookPrice } from './price-book.ts';

/** In place of an organisation: the prices hold for everyone. */
export const EVERYONE = '*';

export interface PublishedModel extends ModelName {
  /** An organisation, or EVERYONE. */
  readonly organisation_id: string;
}

export interface ModelPublication extends PublishedModel {
  readonly prices: readonly PublishedPrice[];
  /** Grows with every change of these prices. */
  readonly version: number;
}

export type PublishedPrice = readonly [
  id: string,
  token_kind: TokenKind,
  price_per_million: string,
  service_tier: string,
  min_prompt_tokens: number,
  from_ms: number,
  to_ms: number | null,
];

/** What the price book makes of them. */
export const bookPricesOf = (
  { provider, model, organisation_id }: PublishedModel,
  prices: readonly PublishedPrice[],
): BookPrice[] =>
  prices.map(([id, token_kind, price_per_million, service_tier, min_prompt_tokens, from_ms, to_ms]) => ({
    id,
    organisation_id: organisation_id === EVERYONE ? null : organisation_id,
    provider,
    model,
    token_kind,
    price_per_million,
    service_tier,
    min_prompt_tokens,
    from_ms,
    to_ms,
  }));
