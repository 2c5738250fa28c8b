import { expect, test } from 'vitest';
import type { TokenKind } from '../../src/ai/generation-row.ts';
import { METERED_METRICS, meteredPairs, quantitiesOf } from '../../src/ai/metered-quantities.ts';
import { formatQuantity, parseQuantity } from '../../src/core/decimal.ts';

const NONE = { input: 0n, output: 0n, cache_read: 0n, cache_write_5m: 0n, cache_write_1h: 0n, reasoning: 0n };

const CASES: readonly [
  name: string,
  tokens: Partial<Record<TokenKind, bigint>>,
  cost: string | null,
  expected: Readonly<Record<string, string>>,
][] = [
  ['nothing', {}, null, {}],
  ['a cost of nothing', {}, '0', {}],
  ['one token', { input: 1n }, null, { 'ai.input_tokens': '1' }],
  ['reasoning, which is output', { reasoning: 50n }, null, { 'ai.output_tokens': '50' }],
  ['output and reasoning', { output: 200n, reasoning: 50n }, null, { 'ai.output_tokens': '250' }],
  ['a cache that is read', { cache_read: 3n }, null, { 'ai.cache_read_tokens': '3' }],
  [
    'both lengths of a cache write',
    { cache_write_5m: 4n, cache_write_1h: 5n },
    null,
    { 'ai.cache_write_tokens': '9' },
  ],
  ['the smallest cost', {}, '0.000000000001', { 'ai.cost_usd': '0.000000000001' }],
  [
    'the most of everything',
    { input: 999_999_999_999n, output: 999_999_999_999n, reasoning: 999_999_999_999n },
    '99999999999999999999999999.999999999999',
    {
      'ai.input_tokens': '999999999999',
      'ai.output_tokens': '1999999999998',
      'ai.cost_usd': '99999999999999999999999999.999999999999',
    },
  ],
];

test.each(CASES)('%s', (_, tokens, cost, expected) => {
  const cost_usd = cost === null ? null : parseQuantity(cost);
  const of = { tokens: { ...NONE, ...tokens }, cost_usd };
  const found = quantitiesOf(of).flatMap((quantity, index) =>
    quantity === 0n ? [] : [[METERED_METRICS[index] ?? '', formatQuantity(quantity)] as const],
  );
  expect(Object.fromEntries(found)).toEqual(expected);
  const [calls, ...pairs] = meteredPairs(of);
  expect(calls).toEqual(['ai.calls', 'call']);
  expect(pairs.map(([metric]) => metric)).toEqual(found.map(([metric]) => metric));
  for (const [metric, unit] of pairs) expect(unit).toBe(metric === 'ai.cost_usd' ? 'usd' : 'token');
});
