import { expect, test } from 'vitest';
import { readGenerationRow } from '../../src/ai/generation-row.ts';
import { bookUsage, findUnplaced } from '../../src/rollup/book-usage.ts';
import { type BillingPeriod, derivePeriod } from '../../src/tenants/billing-period.ts';
import { hotTextOf } from '../ai/generations.ts';
import { hotEvent, NOW, uuid } from './hot-events.ts';

const calendar = {
  organisation_id: uuid(901),
  entries: [{ from_year: 2000, from_month: 1, timezone: 'UTC', currency: 'USD' }],
  periods: [],
};
const january = derivePeriod(calendar, { year: 2026, month: 1 });
const february = derivePeriod(calendar, { year: 2026, month: 2 });
const closed: BillingPeriod = { ...january, status: 'closed' };
const HOUR = 3_600_000;
const ONE = 10n ** 12n;

test('events of one hour, metric and unit become one exact sum', () => {
  const values = ['0.1', '0.2', '-0.000000000001', '99999999999999999999999999.999999999999'];
  const events = values.map((metric_value, index) => hotEvent(index + 1, { metric_value }));
  const { usage, adjustments, events: booked } = bookUsage(events, [january], NOW);
  expect(usage).toMatchObject([
    { total: 10n ** 38n - 1n + 3n * 10n ** 11n - 1n, count: 4, day: '2026-01-15' },
  ]);
  expect(adjustments).toEqual([]);
  expect(booked.map(({ adjustment_id }) => adjustment_id)).toEqual([null, null, null, null]);
});

test('a line break in a metric or unit does not make two of them one', () => {
  const events = [
    hotEvent(1, { metric_name: 'a\nb', unit: 'c' }),
    hotEvent(2, { metric_name: 'a', unit: 'b\nc' }),
  ];
  const { usage } = bookUsage(events, [january], NOW);
  expect(usage.map(({ metric_name, unit }) => [metric_name, unit])).toEqual([
    ['a\nb', 'c'],
    ['a', 'b\nc'],
  ]);
});

test('another project, metric, unit or hour is another sum', () => {
  const events = [
    hotEvent(1),
    hotEvent(2, { project_id: uuid(903) }),
    hotEvent(3, { metric_name: 'calls' }),
    hotEvent(4, { unit: '' }),
    hotEvent(5, { timestamp: NOW + HOUR }),
    hotEvent(6),
  ];
  const { usage } = bookUsage(events, [january], NOW);
  expect(usage.map(({ count, total }) => [count, total])).toEqual([
    [2, 2n * ONE],
    [1, ONE],
    [1, ONE],
    [1, ONE],
    [1, ONE],
  ]);
});

test('usage of a closed period becomes an adjustment that its events name', () => {
  const late = hotEvent(1);
  const current = hotEvent(2, { timestamp: february.starts_at });
  const { events, usage, adjustments } = bookUsage([late, current], [closed, february], NOW);
  expect(usage).toMatchObject([{ year: 2026, month: 2, count: 1 }]);
  expect(adjustments).toMatchObject([{ year: 2026, month: 1, count: 1 }]);
  expect(events.map(({ adjustment_id }) => adjustment_id)).toEqual([adjustments[0]?.id, null]);
});

test('the last instant of a period is in it, the next one is not', () => {
  const edge = hotEvent(1, { timestamp: january.ends_at - 1 });
  const after = hotEvent(2, { timestamp: january.ends_at });
  expect(findUnplaced([edge, after], [january])).toEqual([after]);
  expect(bookUsage([edge, after], [january, february], NOW).usage.map(({ month }) => month)).toEqual([1, 2]);
});

test("another organisation's period holds no event", () => {
  const foreign = { ...january, organisation_id: uuid(999) };
  expect(findUnplaced([hotEvent(1)], [foreign])).toHaveLength(1);
  expect(() => bookUsage([hotEvent(1)], [foreign], NOW)).toThrow('has its period');
});

const CALL = hotTextOf({
  ...{ provider: 'anthropic', model: 'm', generation_type: 'chat', status: 'failed', idempotency_key: 'k' },
  ...{ tokens: { input: '1000', output: '200', reasoning: '50' }, cost_usd: '0.0045' },
});

test('a generation is booked by each of its quantities, in the hour and the period of its event', () => {
  const call = { metric_name: 'ai.calls', unit: 'call', generation: CALL };
  const rows = [
    hotEvent(1, call),
    hotEvent(2, { ...call, timestamp: february.starts_at }),
    hotEvent(3, call),
  ];
  const row = readGenerationRow(CALL, 'k');
  if (!row) throw new Error('the call is readable');
  const generations = new Map(rows.map(({ id }) => [id, row]));
  const {
    events,
    usage,
    adjustments,
    generations: booked,
  } = bookUsage(rows, [closed, february], NOW, generations);
  expect(events).toEqual([]);
  const quantities = (count: bigint) => [
    ['ai.calls', 'call', count * ONE],
    ['ai.input_tokens', 'token', count * 1000n * ONE],
    ['ai.output_tokens', 'token', count * 250n * ONE],
    ['ai.cost_usd', 'usd', (count * 45n * ONE) / 10_000n],
  ];
  expect(usage.map(({ metric_name, unit, total }) => [metric_name, unit, total])).toEqual(quantities(1n));
  expect(adjustments.map(({ metric_name, unit, total }) => [metric_name, unit, total])).toEqual(
    quantities(2n),
  );
  const late = Object.fromEntries(adjustments.map(({ metric_name, id }) => [metric_name, id]));
  expect(booked.map(({ adjustment_ids, day }) => [adjustment_ids, day])).toEqual([
    [late, '2026-01-15'],
    [null, '2026-02-01'],
    [late, '2026-01-15'],
  ]);
});

test('an unreadable quantity never reaches the books', () => {
  expect(() => bookUsage([hotEvent(1, { metric_value: 'x' })], [january], NOW)).toThrow('was prepared');
});

test('nothing to book books nothing', () => {
  expect(bookUsage([], [], NOW)).toEqual({ events: [], generations: [], usage: [], adjustments: [] });
});
