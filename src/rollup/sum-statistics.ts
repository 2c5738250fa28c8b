/** Pure: what becomes of the day's statistics. */
import { type GenerationRow, TOKEN_KINDS, type TokenKind } from '../ai/generation-row.ts';
import type { BookedGeneration, StatisticSum } from './ports.ts';

const noTokens = (): Record<TokenKind, bigint> => ({
  input: 0n,
  output: 0n,
  cache_read: 0n,
  cache_write_5m: 0n,
  cache_write_1h: 0n,
  reasoning: 0n,
});

export const noSums = () => ({
  total_requests: 0,
  success_requests: 0,
  failed_requests: 0,
  tokens: noTokens(),
  cost_usd: 0n,
  cost_count: 0,
  duration_ms_sum: 0n,
  duration_count: 0,
});

/** A call as statistics know it. */
export type StatisticCall = Pick<
  GenerationRow,
  'generation_type' | 'provider' | 'model' | 'user_id' | 'status' | 'tokens' | 'cost_usd' | 'duration_ms'
> & { readonly organisation_id: string; readonly day: string };

export const statisticCallOf = ({ event, row, day }: BookedGeneration): StatisticCall => ({
  ...row,
  organisation_id: event.organisation_id,
  day,
});

/**
 * One sum for each user, day, kind of call and model: of the calls that come, less those that leave. A call that nobody said
 * the cost of adds none.
 */
export function sumStatistics(
  coming: Iterable<StatisticCall>,
  leaving: Iterable<StatisticCall> = [],
): StatisticSum[] {
  const sums = new Map<string, StatisticSum>();
  for (const call of coming) add(sumOf(sums, call), call, 1);
  for (const call of leaving) add(sumOf(sums, call), call, -1);
  return [...sums.values()];
}

function sumOf(
  sums: Map<string, StatisticSum>,
  { organisation_id, day, generation_type, provider, model, ...call }: StatisticCall,
): StatisticSum {
  const user_id = call.user_id ?? '';
  const key = [organisation_id, day, user_id, generation_type, provider, model].join('\0');
  let sum = sums.get(key);
  if (!sum) {
    const of = { organisation_id, day, user_id, generation_type, provider, model };
    sum = { ...of, ...noSums() };
    sums.set(key, sum);
  }
  return sum;
}

function add(
  sum: StatisticSum,
  { status, tokens, cost_usd, duration_ms }: StatisticCall,
  sign: 1 | -1,
): void {
  const by = BigInt(sign);
  sum.total_requests += sign;
  if (status === 'success') sum.success_requests += sign;
  else sum.failed_requests += sign;
  for (const kind of TOKEN_KINDS) sum.tokens[kind] += by * tokens[kind];
  if (cost_usd !== null) {
    sum.cost_usd += by * cost_usd;
    sum.cost_count += sign;
  }
  if (duration_ms !== null) {
    sum.duration_ms_sum += by * duration_ms;
    sum.duration_count += sign;
  }
}
