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
export const CALLS_UNIT = 'call';
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

/** In the order of METERED_METRICS. */
export const METERED_UNITS: readonly string[] = METERED_METRICS.map((metric) =>
  metric === COST_METRIC ? COST_UNIT : TOKEN_UNIT,
);

type Metered = Pick<GenerationRow, 'tokens' | 'cost_usd'>;

/**
 * Tokens by what they are sold as: reasoning is output, both lengths of a cache write are one metric, and input is what no
 * cache took part in. 1,000 input, 200 output and 50 reasoning tokens for 0.0045 USD give ai.input_tokens 1000,
 * ai.output_tokens 250 and ai.cost_usd 0.0045. In units of 10^-12, in the order of METERED_METRICS, zero where there is none.
 */
export const quantitiesOf = ({ tokens, cost_usd }: Metered): bigint[] => [
  tokens.input * TOKEN,
  (tokens.output + tokens.reasoning) * TOKEN,
  tokens.cache_read * TOKEN,
  (tokens.cache_write_5m + tokens.cache_write_1h) * TOKEN,
  cost_usd ?? 0n,
];

/** Those that are not zero. */
export function meteredQuantities(of: Metered): MeteredQuantity[] {
  const quantities = quantitiesOf(of);
  return METERED_METRICS.flatMap((metric_name, index) => {
    const [quantity = 0n, unit = ''] = [quantities[index], METERED_UNITS[index]];
    return quantity === 0n ? [] : [{ metric_name, unit, quantity }];
  });
}
