import { test } from 'vitest';
import { expectExactSums } from './calls-of-one-price.ts';

test('10,000 calls cost exactly what one costs 10,000 times, in each call, each day, the month and the invoice', () =>
  // 1.14 × 1.2 = 1.368, rounded once.
  expectExactSums({ calls: 10_000, cost: '1.14', total: '1.37' }));
