import { expect, test } from 'vitest';
import { deriveSums, type SummedCalls } from '../../../src/reports/ai/call-sums.ts';

const summed = (fields: Partial<SummedCalls>): SummedCalls => ({
  call_count: 0,
  cost_count: 0,
  total_cost: '0',
  input_tokens: '0',
  output_tokens: '0',
  ...fields,
});

test('an average is of the calls that have a cost, and there is none where none has', () => {
  expect(deriveSums(summed({}))).toMatchObject({ unpriced_calls: 0, total_cost: '0', avg_cost: null });
  expect(deriveSums(summed({ call_count: 3 }))).toMatchObject({ unpriced_calls: 3, avg_cost: null });
  const free = summed({ call_count: 2, cost_count: 2, total_cost: '0.000000000000' });
  expect(deriveSums(free)).toMatchObject({ unpriced_calls: 0, total_cost: '0', avg_cost: '0' });
  const half = summed({ call_count: 3, cost_count: 2, total_cost: '0.000000000003' });
  expect(deriveSums(half)).toMatchObject({ unpriced_calls: 1, avg_cost: '0.000000000002' });
});

test('no digit of a sum is lost, however large', () => {
  const total_cost = '99999999999999999999999999999999999999.123456789012';
  const input_tokens = '99999999999999999999999999999999';
  const sums = deriveSums(
    summed({ call_count: 1, cost_count: 1, total_cost, input_tokens, output_tokens: '1' }),
  );
  expect(sums).toMatchObject({ total_cost, avg_cost: total_cost, input_tokens });
  expect(sums.total_tokens).toBe('100000000000000000000000000000000');
});
