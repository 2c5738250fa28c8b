/** Pure: what an AI generation is metered by besides the one `ai.calls` of its event. */
import { QUANTITY_SCALE } from '../core/decimal.ts';
import type { GenerationRow } from './generation-row.ts';

export interface MeteredQuantity {
  readonly metric_name: string;
  readonly unit: string;
  /** In units of 10^-12, never zero. */
  readonly quantity: bigint;
}

export const CALLS_METRIC = 'ai.calls';
export const TOKEN_UNIT = 'token';
export const COST_METRIC = 'ai.cost_usd';
export const COST_UNIT = 'usd';
const TOKEN = 10n ** BigInt(QUANTITY_SCALE);

/** As the view `metered_events` says them. */
export const METERED_METRICS = [
  'ai.input_tokens',
  'ai.output_tokens',
  'ai.cache_read_tokens',
  'ai.cache_write_tokens',
  COST_METRIC,
] as const;

/**
 * Tokens by what they are sold as: reasoning is output, both lengths of a cache write are one metric, and input is what no
 * cache took part in. 1,000 input, 200 output and 50 reasoning tokens for 0.0045 USD give ai.input_tokens 1000,
 * ai.output_tokens 250 and ai.cost_usd 0.0045.
 */
export function meteredQuantities({
  tokens,
  cost_usd,
}: Pick<GenerationRow, 'tokens' | 'cost_usd'>): MeteredQuantity[] {
  const found: MeteredQuantity[] = [];
  const add = (metric_name: (typeof METERED_METRICS)[number], unit: string, quantity: bigint): void => {
    if (quantity !== 0n) found.push({ metric_name, unit, quantity });
  };
  add('ai.input_tokens', TOKEN_UNIT, tokens.input * TOKEN);
  add('ai.output_tokens', TOKEN_UNIT, (tokens.output + tokens.reasoning) * TOKEN);
  add('ai.cache_read_tokens', TOKEN_UNIT, tokens.cache_read * TOKEN);
  add('ai.cache_write_tokens', TOKEN_UNIT, (tokens.cache_write_5m + tokens.cache_write_1h) * TOKEN);
  add(COST_METRIC, COST_UNIT, cost_usd ?? 0n);
  return found;
}
