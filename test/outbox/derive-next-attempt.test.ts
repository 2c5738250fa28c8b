import { expect, test } from 'vitest';
import { ATTEMPTS_MAX, deriveNextAttempt } from '../../src/outbox/derive-next-attempt.ts';

const NOW = Date.parse('2026-02-01T00:00:00Z');
const MINUTE = 60_000;
const ID = '0198f000-0000-7000-8000-000000000000';

test.each([
  ['the first', 1, 1],
  ['the second', 2, 5],
  ['the third', 3, 30],
  ['the fourth', 4, 2 * 60],
  ['the fifth', 5, 5 * 60],
  ['the sixth', 6, 10 * 60],
  ['the seventh', 7, 14 * 60],
  ['the eighth', 8, 20 * 60],
  ['the ninth', 9, 24 * 60],
])('after %s failed attempt it waits its time, and a tenth of it at most', (_, attempts, minutes) => {
  const last = `${ID.slice(0, -4)}ffff`;
  expect(deriveNextAttempt(attempts, ID, NOW)).toBe(NOW + minutes * MINUTE);
  const latest = deriveNextAttempt(attempts, last, NOW) ?? 0;
  expect(latest).toBeGreaterThan(NOW + minutes * MINUTE * 1.099);
  expect(latest).toBeLessThanOrEqual(NOW + minutes * MINUTE * 1.1);
});

test('after the tenth it is given up, and after any number beyond', () => {
  expect(ATTEMPTS_MAX).toBe(10);
  expect(deriveNextAttempt(10, ID, NOW)).toBeNull();
  expect(deriveNextAttempt(11, ID, NOW)).toBeNull();
});
