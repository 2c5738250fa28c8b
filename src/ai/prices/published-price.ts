/** The prices of a model as published to the edge: global ones, or an organisation's own. */
import type { TokenKind } from '../generation-row.ts';
import type { ModelName } from './model-price.ts';
import type { BookPrice } from './price-book.ts';

/** Used in place of an organisation for global prices. */
export const EVERYONE = '*';

export interface PublishedModel extends ModelName {
  /** An organisation, or EVERYONE. */
  readonly organisation_id: string;
}

export interface ModelPublication extends PublishedModel {
  readonly prices: readonly PublishedPrice[];
  /** Increases with every change of these prices. */
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

/** The published prices in the form that the price book takes. */
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
