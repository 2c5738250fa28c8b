import { expect, test } from 'vitest';
import { readGenerationRow } from '../../src/ai/generation-row.ts';
import { statisticCallOf, sumStatistics } from '../../src/rollup/calls/sum-statistics.ts';
import type { BookedGeneration } from '../../src/rollup/ports.ts';
import { contentOf, type GenerationContent, hotTextOf } from '../ai/generations.ts';
import { hotEvent } from './hot-events.ts';

const booked = (content: GenerationContent, day = '2026-01-15'): BookedGeneration => {
  const row = readGenerationRow(hotTextOf(contentOf(content)), 'k');
  if (!row) throw new Error('the content is readable');
  return { event: hotEvent(1), row, hour: 0, day, adjustment_ids: null };
};

const sumOf = (calls: readonly BookedGeneration[]) => sumStatistics(calls.map(statisticCallOf));

test('calls of one user, day, type and model are one sum; each status but success counts as failed', () => {
  const tokens = {
    input: '1',
    output: '2',
    cache_read: '3',
    cache_write_5m: '4',
    cache_write_1h: '5',
    reasoning: '6',
  };
  const calls = ['success', 'failed', 'timeout', 'cancelled'].map((status) =>
    booked({ status, user_id: 'u', tokens, cost_usd: '0.1', duration_ms: 10 }),
  );
  expect(sumOf(calls)).toMatchObject([
    {
      ...{ user_id: 'u', total_requests: 4, success_requests: 1, failed_requests: 3, duration_count: 4 },
      tokens: {
        input: 4n,
        output: 8n,
        cache_read: 12n,
        cache_write_5m: 16n,
        cache_write_1h: 20n,
        reasoning: 24n,
      },
      ...{ cost_usd: 4n * 10n ** 11n, cost_count: 4, duration_ms_sum: 40n },
    },
  ]);
});

test('a call without a duration or a cost adds to neither; one that took no time is timed, one for nothing has a cost', () => {
  const [sum] = sumOf([booked({}), booked({ duration_ms: 0, cost_usd: '0' })]);
  expect(sum).toMatchObject({
    user_id: '',
    total_requests: 2,
    cost_usd: 0n,
    cost_count: 1,
    duration_ms_sum: 0n,
    duration_count: 1,
  });
});

test('another user, day, type, provider or model is another sum', () => {
  const calls = [
    booked({}),
    booked({ user_id: 'u' }),
    booked({}, '2026-01-16'),
    booked({ generation_type: 'x' }),
    booked({ provider: 'x' }),
    booked({ model: 'x' }),
    booked({}),
  ];
  expect(sumOf(calls).map(({ total_requests }) => total_requests)).toEqual([2, 1, 1, 1, 1, 1]);
  expect(sumOf([])).toEqual([]);
});

test('calls that leave take away all that they had brought', () => {
  const call = (fields: GenerationContent) => statisticCallOf(booked({ cost_usd: '0.1', ...fields }));
  const [nobody, ofUser] = [call({ duration_ms: 5 }), call({ user_id: 'u', duration_ms: 5 })];
  const moved = sumStatistics([ofUser], [nobody]);
  expect(
    moved.map(({ user_id, total_requests, cost_usd, duration_count }) => [
      user_id,
      total_requests,
      cost_usd,
      duration_count,
    ]),
  ).toEqual([
    ['u', 1, 10n ** 11n, 1],
    ['', -1, -(10n ** 11n), -1],
  ]);
  expect(moved.map(({ tokens }) => tokens.input)).toEqual([1000n, -1000n]);
  expect(sumStatistics([nobody], [nobody])).toMatchObject([
    { total_requests: 0, cost_usd: 0n, duration_ms_sum: 0n },
  ]);
});
