import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { isDue } from '../../src/platform/local/cron.ts';

test.each([
  ['* * * * *', '2026-03-01T00:00:00Z', true],
  ['*/1 * * * *', '2026-03-01T00:59:00Z', true],
  ['17 * * * *', '2026-03-01T05:17:00Z', true],
  ['17 * * * *', '2026-03-01T05:16:00Z', false],
  ['*/15 * * * *', '2026-03-01T05:45:00Z', true],
  ['*/15 * * * *', '2026-03-01T05:46:00Z', false],
  ['5/20 * * * *', '2026-03-01T05:25:00Z', true],
  ['5/20 * * * *', '2026-03-01T05:20:00Z', false],
  ['0 9-17 * * *', '2026-03-01T17:00:00Z', true],
  ['0 9-17 * * *', '2026-03-01T18:00:00Z', false],
  ['0 0 1 1,7 *', '2026-07-01T00:00:00Z', true],
  ['0 0 1 1,7 *', '2026-06-01T00:00:00Z', false],
  // 2026-03-01 is a Sunday: 1 in Cloudflare's week.
  ['0 0 * * 1', '2026-03-01T00:00:00Z', true],
  ['0 0 * * 2', '2026-03-01T00:00:00Z', false],
  ['0 0 13 * 1', '2026-03-01T00:00:00Z', true],
])('%s at %s: %s', (expression, at, due) => {
  expect(isDue(expression, new Date(at))).toBe(due);
});

test.each(['* * * *', '60 * * * *', 'x * * * *', '* * * * 8', '5-1 * * * *'])(
  '%s is no schedule',
  (expression) => {
    expect(() => isDue(expression, new Date('2026-03-01T00:00:00Z'))).toThrow(/schedule/);
  },
);

test('every schedule of wrangler.toml is one that the local clock can keep, and no two are the same text', () => {
  const toml = readFileSync(resolve(import.meta.dirname, '../../wrangler.toml'), 'utf8');
  const schedules = [...(/crons = \[([^\]]*)\]/.exec(toml)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(
    ([, text]) => text,
  );
  expect(schedules.length).toBeGreaterThan(0);
  expect(new Set(schedules).size).toBe(schedules.length);
  for (const schedule of schedules) expect(() => isDue(schedule ?? '', new Date())).not.toThrow();
});
