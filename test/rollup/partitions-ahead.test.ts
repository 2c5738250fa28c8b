import { expect, test } from 'vitest';
import { addDays } from '../../src/core/time.ts';
import { partitionsAhead } from '../../src/rollup/run-rollup.ts';

test('on every day of four years the month, the next one and that in forty days get their partitions', () => {
  for (let day = '2026-12-01'; day < '2030-12-01'; day = addDays(day, 1)) {
    const months = partitionsAhead(Date.parse(`${day}T23:59:59Z`)).map((instant) =>
      new Date(instant).toISOString().slice(0, 7),
    );
    const next = new Date(`${day.slice(0, 8)}01T00:00:00Z`);
    next.setUTCMonth(next.getUTCMonth() + 1);
    expect(months.slice(0, 2)).toEqual([day.slice(0, 7), next.toISOString().slice(0, 7)]);
    expect(months[2]).toBe(addDays(day, 40).slice(0, 7));
  }
});
