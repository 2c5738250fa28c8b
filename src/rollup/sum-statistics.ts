/** Pure: the day's statistics that follow from a batch of generations. */
import { TOKEN_KINDS, type TokenKind } from '../ai/generation-row.ts';
import type { BookedGeneration, StatisticSum } from './ports.ts';

const noTokens = (): Record<TokenKind, bigint> => ({
  input: 0n,
  output: 0n,
  cache_read: 0n,
  cache_write_5m: 0n,
  cache_write_1h: 0n,
  reasoning: 0n,
});

/** One sum for each user, day, kind of call and model. A call that nobody said the cost of adds none. */
export function sumStatistics(booked: readonly BookedGeneration[]): StatisticSum[] {
  const sums = new Map<string, StatisticSum>();
  for (const { event, row, day } of booked) {
    const { organisation_id } = event;
    const { generation_type, provider, model } = row;
    const user_id = row.user_id ?? '';
    const key = [organisation_id, day, user_id, generation_type, provider, model].join('\0');
    let sum = sums.get(key);
    if (!sum) {
      const none = { total_requests: 0, success_requests: 0, failed_requests: 0 };
      const cost = { cost_usd: 0n, cost_count: 0 };
      const duration = { duration_ms_sum: 0n, duration_count: 0 };
      const of = { organisation_id, day, user_id, generation_type, provider, model };
      sum = { ...of, ...none, tokens: noTokens(), ...cost, ...duration };
      sums.set(key, sum);
    }
    sum.total_requests += 1;
    if (row.status === 'success') sum.success_requests += 1;
    else sum.failed_requests += 1;
    for (const kind of TOKEN_KINDS) sum.tokens[kind] += row.tokens[kind];
    if (row.cost_usd !== null) {
      sum.cost_usd += row.cost_usd;
      sum.cost_count += 1;
    }
    if (row.duration_ms !== null) {
      sum.duration_ms_sum += row.duration_ms;
      sum.duration_count += 1;
    }
  }
  return [...sums.values()];
}
