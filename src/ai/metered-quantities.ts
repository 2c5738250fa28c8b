/** Pure: the quantities that an AI generation is metered by, besides the single `ai.calls` of its event. */
import { QUANTITY_SCALE } from '../core/decimal.ts';
import { CALL_EVENT } from './call-content.ts';
import type { GenerationRow } from './generation-row.ts';

export const CALLS_METRIC = CALL_EVENT.metric_name;
export const CALLS_UNIT = CALL_EVENT.unit;
export const TOKEN_UNIT = 'token';
export const COST_METRIC = 'ai.cost_usd';
export const COST_UNIT = 'usd';
const TOKEN = 10n ** BigInt(QUANTITY_SCALE);

/** The same names as in the view `metered_events`. */
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
 * Tokens grouped by how they are sold: reasoning counts as output, both cache write durations are one metric, and
 * input excludes cached tokens. Example: 1,000 input, 200 output and 50 reasoning tokens for 0.0045 USD give
 * ai.input_tokens 1000, ai.output_tokens 250 and ai.cost_usd 0.0045. In units of 10^-12, in the order of
 * METERED_METRICS, zero if absent.
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

/** Indexed by a bit mask of the metrics present. Built once, so that calls with the same metrics share one list. */
const LISTS: readonly MeteredPairs[] = Array.from({ length: 1 << PAIRS.length }, (_, bits) => [
  [CALLS_METRIC, CALLS_UNIT],
  ...PAIRS.filter((_, index) => (bits & (1 << index)) !== 0),
]);

/**
 * Metric and unit of the call and of each nonzero quantity. Computes no quantities, because the edge needs only the
 * pairs.
 */
export function meteredPairs({ tokens, cost_usd }: Metered): MeteredPairs {
  const { input, output, reasoning, cache_read, cache_write_5m, cache_write_1h } = tokens;
  let bits = input === 0n ? 0 : 1;
  if (output !== 0n || reasoning !== 0n) bits |= 2;
  if (cache_read !== 0n) bits |= 4;
  if (cache_write_5m !== 0n || cache_write_1h !== 0n) bits |= 8;
  if (cost_usd !== null && cost_usd !== 0n) bits |= 16;
  return LISTS[bits] as MeteredPairs;
}
