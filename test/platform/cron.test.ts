import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isDue, startCron } from '../../src/platform/local/cron.ts';

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

describe('a schedule that ends badly', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 2, 1, 12, 0, 30) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function startFailing(): { failed: string[]; fail: () => void; stop: () => void } {
    const failed: string[] = [];
    const fired = Promise.withResolvers<void>();
    const stop = startCron({
      schedules: ['* * * * *'],
      fire: () => fired.promise,
      onFailure: (schedule) => failed.push(schedule),
    });
    return { failed, stop, fail: () => fired.reject(new Error('the connection was lost')) };
  }

  test('is told of', async () => {
    const { failed, fail, stop } = startFailing();
    await vi.advanceTimersByTimeAsync(30_000);
    fail();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(failed).toEqual(['* * * * *']);
    stop();
  });

  test.each([
    ['before', ['stop', 'fail']],
    ['just after', ['fail', 'stop']],
  ] as const)('is not told of where the stop was heard of %s', async (_, steps) => {
    const cron = startFailing();
    await vi.advanceTimersByTimeAsync(30_000);
    for (const step of steps) {
      cron[step]();
      await vi.advanceTimersByTimeAsync(0);
    }
    await vi.advanceTimersByTimeAsync(120_000);
    expect(cron.failed).toEqual([]);
  });
});
