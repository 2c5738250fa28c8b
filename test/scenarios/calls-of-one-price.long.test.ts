import { test } from 'vitest';
import { expectExactSums } from './calls-of-one-price.ts';

test('100,000 calls cost exactly what one costs 100,000 times, in each call, each day, the month and the invoice', () =>
  // 11.4 × 1.2.
  expectExactSums({ calls: 100_000, cost: '11.4', total: '13.68' }));
