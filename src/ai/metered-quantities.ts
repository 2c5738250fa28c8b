/** Pure: what an AI generation is metered by besides the one `ai.calls` of its event. */
import { QUANTITY_SCALE } from '../core/decimal.ts';
import { CALL_EVENT } from './call-content.ts';
import type { GenerationRow } from './generation-row.ts';

export const CALLS_METRIC = CALL_EVENT.metric_name;
export const CALLS_UNIT = CALL_EVENT.unit;
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

export type MeteredPairs = readonly (readonly [metricName: string, unit: string])[];

const PAIRS = METERED_METRICS.map((metric, index) => [metric, METERED_UNITS[index] ?? ''] as const);

/** By which of the metrics there are, a bit each. Made once, so that calls alike have one and the same list. */
const LISTS: readonly MeteredPairs[] = Array.from({ length: 1 << PAIRS.length }, (_, bits) => [
  [CALLS_METRIC, CALLS_UNIT],
  ...PAIRS.filter((_, index) => (bits & (1 << index)) !== 0),
]);

/** Metric and unit of the call itself and of the quantities that are not zero, without reckoning them: the edge asks for no more. */
export function meteredPairs({ tokens, cost_usd }: Metered): MeteredPairs {
  const { input, output, reasoning, cache_read, cache_write_5m, cache_write_1h } = tokens;
  let bits = input === 0n ? 0 : 1;
  if (output !== 0n || reasoning !== 0n) bits |= 2;
  if (cache_read !== 0n) bits |= 4;
  if (cache_write_5m !== 0n || cache_write_1h !== 0n) bits |= 8;
  if (cost_usd !== null && cost_usd !== 0n) bits |= 16;
  return LISTS[bits] as MeteredPairs;
}
