/** Pure: sums AI calls into the statistics of a day. */
import { type GenerationRow, TOKEN_KINDS, type TokenKind } from '../../ai/generation-row.ts';
import type { BookedGeneration, StatisticSum } from '../ports.ts';

const noTokens = (): Record<TokenKind, bigint> => ({
  input: 0n,
  output: 0n,
  cache_read: 0n,
  cache_write_5m: 0n,
  cache_write_1h: 0n,
  reasoning: 0n,
});

const noSums = () => ({
  total_requests: 0,
  success_requests: 0,
  failed_requests: 0,
  tokens: noTokens(),
  cost_usd: 0n,
  cost_count: 0,
  duration_ms_sum: 0n,
  duration_count: 0,
});

/** The fields of a call that statistics use. */
export type StatisticCall = Pick<
  GenerationRow,
  'generation_type' | 'provider' | 'model' | 'user_id' | 'status' | 'tokens' | 'cost_usd' | 'duration_ms'
> & { readonly organisation_id: string; readonly day: string };

type StatisticKey = Pick<
  StatisticCall,
  'organisation_id' | 'day' | 'user_id' | 'generation_type' | 'provider' | 'model'
>;

// Fields listed one by one: copying all fields of thousands of rows made most of the garbage of a batch.
export const statisticCallOf = ({ event, row, day }: BookedGeneration): StatisticCall => ({
  organisation_id: event.organisation_id,
  day,
  user_id: row.user_id,
  generation_type: row.generation_type,
  provider: row.provider,
  model: row.model,
  status: row.status,
  tokens: row.tokens,
  cost_usd: row.cost_usd,
  duration_ms: row.duration_ms,
});

/**
 * One sum for each user, day, kind of call and model: the calls added minus the calls removed. A call of unknown cost
 * adds no cost.
 */
export function sumStatistics(
  coming: Iterable<StatisticCall>,
  leaving: Iterable<StatisticCall> = [],
): StatisticSum[] {
  const sums = new Map<string, StatisticSum>();
  let last: StatisticSum | undefined;
  for (const call of coming) {
    if (last === undefined || !isOf(last, call)) last = sumOf(sums, call);
    add(last, call, 1);
  }
  for (const call of leaving) add(sumOf(sums, call), call, -1);
  return [...sums.values()];
}

/** Calls of one user come in runs, so most calls need no key. */
const isOf = (sum: StatisticSum, call: StatisticCall): boolean =>
  sum.user_id === (call.user_id ?? '') &&
  sum.model === call.model &&
  sum.generation_type === call.generation_type &&
  sum.day === call.day &&
  sum.provider === call.provider &&
  sum.organisation_id === call.organisation_id;

/** The sum that a call belongs to, created if missing. */
export function sumOf(
  sums: Map<string, StatisticSum>,
  { organisation_id, day, generation_type, provider, model, ...call }: StatisticKey,
): StatisticSum {
  const user_id = call.user_id ?? '';
  const key = `${organisation_id}\0${day}\0${user_id}\0${generation_type}\0${provider}\0${model}`;
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
  sum.total_requests += sign;
  if (status === 'success') sum.success_requests += sign;
  else sum.failed_requests += sign;
  for (const kind of TOKEN_KINDS) {
    const count = tokens[kind];
    if (count !== 0n) sum.tokens[kind] += sign === 1 ? count : -count;
  }
  if (cost_usd !== null) {
    sum.cost_usd += sign === 1 ? cost_usd : -cost_usd;
    sum.cost_count += sign;
  }
  if (duration_ms !== null) {
    sum.duration_ms_sum += sign === 1 ? duration_ms : -duration_ms;
    sum.duration_count += sign;
  }
}
