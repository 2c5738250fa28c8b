/** User days, errors and latency: from the drain to the response. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PageInput } from '../../../src/core/page.ts';
import { listFailures } from '../../../src/reports/ai/list-failures.ts';
import { listLatency } from '../../../src/reports/ai/list-latency.ts';
import { listStatistics } from '../../../src/reports/ai/list-statistics.ts';
import type { DayStatistics } from '../../../src/reports/ai/statistics-store.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { addCalls, type Call, organisationWith } from './drained-calls.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('answers');
}, 60_000);
afterAll(() => suite?.close());

const NOW = '2026-11-21T00:00:00Z';
const PAGE: PageInput = { limit: 100, after: null };

describe("a user's days", () => {
  const list = (
    filter: Parameters<typeof listStatistics>[1],
    page = PAGE,
  ): ReturnType<typeof listStatistics> => listStatistics(suite.ctx(NOW), filter, page);

  test('have their totals, by kind and by model, and an average of what was timed', async () => {
    const tokens = {
      input: '100',
      output: '20',
      cache_read: '3',
      cache_write_5m: '2',
      cache_write_1h: '1',
      reasoning: '5',
    };
    const unpriced = { user_id: 'ann', model: 'm', tokens };
    const call = { ...unpriced, cost_usd: '0.1' };
    const organisation_id = await organisationWith(suite, 'Asia/Kolkata', [
      ['2026-09-10T18:29:59Z', { ...call, duration_ms: 100 }],
      ['2026-09-10T18:30:00Z', { ...call, duration_ms: 101 }],
      ['2026-09-10T19:00:00Z', { ...call, status: 'failed', generation_type: '__proto__', duration_ms: 200 }],
      ['2026-09-10T20:00:00Z', { ...unpriced, model: '__proto__' }],
      ['2026-09-10T21:00:00Z', { ...call, provider: 'another' }],
      ['2026-09-10T21:00:00Z', { model: 'm' }],
    ]);
    const { data } = await list({ organisation_id });
    expect(data.map((row) => [row.date, row.user_id, row.total_requests])).toEqual([
      ['2026-09-11', 'ann', 4],
      ['2026-09-11', null, 1],
      ['2026-09-10', 'ann', 1],
    ]);
    const [day] = data;
    expect(day).toMatchObject({
      organisation_id,
      success_requests: 3,
      failed_requests: 1,
      total_prompt_tokens: '424',
      total_completion_tokens: '100',
      total_tokens: '524',
      total_cost: '0.3',
      // (101 + 200) / 2
      avg_duration: 151,
      updated_at: '2026-11-21T00:00:00.000Z',
    });
    const part = { requests: 1, success: 1, failed: 0, tokens: '131', cost: '0.1' };
    expect(Object.entries(day?.scene_stats ?? {}).sort()).toEqual([
      ['__proto__', { ...part, success: 0, failed: 1 }],
      ['chat', { ...part, requests: 3, success: 3, tokens: '393', cost: '0.2' }],
    ]);
    expect(Object.entries(day?.model_stats ?? {}).sort()).toEqual([
      ['__proto__', { ...part, cost: '0' }],
      ['m', { ...part, requests: 3, success: 2, failed: 1, tokens: '393', cost: '0.3' }],
    ]);
    expect(data[1]).toMatchObject({ avg_duration: null, total_cost: '0' });
  });

  test('come in pages of any size, the newest first, each once, narrowed by user and day; an id stays when the day grows', async () => {
    const users = ['ann', 'bob', undefined, 'Zoë'];
    const calls = [1, 2, 3].flatMap((day) =>
      users.map((user_id): Call => [`2026-08-0${day}T10:00:00Z`, { ...(user_id && { user_id }) }]),
    );
    const organisation = await suite.addOrganisation();
    const { organisation_id } = organisation;
    await addCalls(suite, organisation, [...calls, ...calls]);
    const whole = (await list({ organisation_id })).data;
    expect(whole).toHaveLength(12);
    expect(whole.map(({ date }) => date)).toEqual(
      whole
        .map(({ date }) => date)
        .toSorted()
        .reverse(),
    );
    for (const limit of [1, 5, 12]) {
      const seen: DayStatistics[] = [];
      for (let after: string | null = null; ; ) {
        const page = await list({ organisation_id }, { limit, after });
        seen.push(...page.data);
        after = page.nextAfter;
        if (after === null) break;
      }
      expect(seen).toEqual(whole);
    }
    const narrowed = await list({ organisation_id, user_id: 'Zoë', from: '2026-08-02', to: '2026-08-03' });
    expect(narrowed.data.map(({ date, user_id }) => [date, user_id])).toEqual([['2026-08-02', 'Zoë']]);
    expect((await list({ organisation_id, user_id: '' })).data).toEqual([]);
    await addCalls(suite, organisation, calls.slice(0, 1));
    const grown = (await list({ organisation_id, user_id: 'ann', to: '2026-08-02' })).data;
    expect(grown).toMatchObject([
      {
        total_requests: 3,
        id: whole.find(({ date, user_id }) => date === '2026-08-01' && user_id === 'ann')?.id,
      },
    ]);
    expect(new Set(whole.map(({ id }) => id)).size).toBe(12);
  });

  test('of all organisations are of each its own', async () => {
    const call: Call = ['2026-07-10T23:00:00Z', { user_id: 'only here' }];
    const [utc, kolkata] = [
      await organisationWith(suite, 'UTC', [call]),
      await organisationWith(suite, 'Asia/Kolkata', [call]),
    ];
    const { data } = await list({ user_id: 'only here' });
    expect(data.map((row) => [row.organisation_id, row.date])).toEqual([
      [kolkata, '2026-07-11'],
      [utc, '2026-07-10'],
    ]);
  });
});

describe('errors', () => {
  test('are counted by what became of the call, with their share of the model and the last message', async () => {
    const overloadedOf = (user_id?: string) => ({
      status: 'failed',
      error_code: 'overloaded',
      ...(user_id && { user_id }),
    });
    const failed = overloadedOf('ann');
    const calls: Call[] = [
      ['2026-11-19T10:00:00Z', { model: 'm', ...failed, error_message: 'first' }],
      ['2026-11-20T10:00:00Z', { model: 'm', ...failed, error_message: 'last' }],
      ['2026-11-18T10:00:00Z', { model: 'm', ...overloadedOf(), error_message: 'before' }],
      ['2026-11-18T10:00:00Z', { model: 'm', status: 'timeout', user_id: 'bob' }],
      ['2026-11-18T10:00:00Z', { model: 'm' }],
      ['2026-11-18T10:00:00Z', { model: 'm', user_id: 'bob' }],
      ['2026-11-18T10:00:00Z', { model: 'm', user_id: 'bob', generation_type: 'other' }],
      ['2026-11-18T10:00:00Z', { model: 'good' }],
      // The thirty-first day, with today as the first.
      ['2026-10-22T23:59:59.999Z', { model: 'm', ...failed }],
    ];
    const [ours] = [await organisationWith(suite, 'UTC', calls), await organisationWith(suite, 'UTC', calls)];
    const ctx = suite.ctx(NOW);
    const { data } = await listFailures(ctx, { organisation_id: ours }, PAGE);
    const overloaded = {
      status: 'failed',
      error_code: 'overloaded',
      provider: 'anthropic',
      model: 'm',
      calls: 3,
      share: '0.428571',
      users: 1,
      first_seen: '2026-11-18T10:00:00.000Z',
      last_seen: '2026-11-20T10:00:00.000Z',
      last_message: 'last',
    };
    const timeout = {
      status: 'timeout',
      error_code: null,
      calls: 1,
      share: '0.142857',
      users: 1,
      last_message: null,
    };
    expect(data).toEqual([overloaded, expect.objectContaining(timeout)]);
    // Calls and days give the same: for the one project, and since an instant.
    const since = await listFailures(ctx, { organisation_id: ours, from: '2026-10-23T00:00:00.000Z' }, PAGE);
    expect(since.data).toEqual(data);
    // All calls of the model, not only those that failed this way.
    const narrowed = await listFailures(ctx, { organisation_id: ours, status: 'timeout' }, PAGE);
    expect(narrowed.data).toEqual(data.slice(1));
    const ofType = await listFailures(ctx, { organisation_id: ours, generation_type: 'chat' }, PAGE);
    expect(ofType.data).toMatchObject([{ share: '0.5' }, { share: '0.166667' }]);
    const both = await listFailures(ctx, { from: '2026-11-01', model: 'm' }, PAGE);
    expect(both.data).toMatchObject([
      { calls: 6, share: '0.428571', users: 2 },
      { calls: 2, users: 2 },
    ]);
    const older = await listFailures(ctx, { organisation_id: ours, from: '2026-10-22' }, PAGE);
    expect(older.data[0]).toMatchObject({ calls: 4, share: '0.5', first_seen: '2026-10-22T23:59:59.999Z' });
    const first = await listFailures(ctx, { organisation_id: ours }, { limit: 1, after: null });
    const second = await listFailures(ctx, { organisation_id: ours }, { limit: 1, after: first.nextAfter });
    expect([...first.data, ...second.data]).toEqual(data);
    expect(second.nextAfter).toBeNull();
    expect((await listFailures(ctx, { organisation_id: ours, model: 'good' }, PAGE)).data).toEqual([]);
  });
});

describe('latency', () => {
  test('is told by durations that occurred, of the calls that have one', async () => {
    const timed = (model: string, ...durations: (number | undefined)[]): Call[] =>
      durations.map((duration_ms, index) => [
        `2026-11-${10 + (index % 2)}T10:00:00Z`,
        { model, user_id: model, ...(duration_ms !== undefined && { duration_ms }) },
      ]);
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    const organisation_id = await organisationWith(suite, 'UTC', [
      ...timed('hundred', ...hundred),
      ...timed('one', 7),
      ...timed('two', 2, 5, undefined),
      ...timed('none', undefined),
      ['2026-10-22T23:59:59.999Z', { model: 'old', duration_ms: 1 }],
    ]);
    const ctx = suite.ctx(NOW);
    const { data } = await listLatency(ctx, { filter: { organisation_id }, grouping: 'model' }, PAGE);
    const of = (model: string) => ({ group: `anthropic/${model}`, provider: 'anthropic', model });
    expect(data).toEqual([
      { ...of('hundred'), calls: 100, timed_calls: 100, p50: 50, p95: 95, avg: 51, max: 100 },
      { ...of('two'), calls: 3, timed_calls: 2, p50: 2, p95: 5, avg: 4, max: 5 },
      { ...of('none'), calls: 1, timed_calls: 0, p50: null, p95: null, avg: null, max: null },
      { ...of('one'), calls: 1, timed_calls: 1, p50: 7, p95: 7, avg: 7, max: 7 },
    ]);
    const byDay = await listLatency(
      ctx,
      { filter: { organisation_id, user_id: 'hundred' }, grouping: 'day' },
      PAGE,
    );
    expect(byDay.data).toEqual([
      {
        group: '2026-11-10',
        day: '2026-11-10',
        calls: 50,
        timed_calls: 50,
        p50: 49,
        p95: 95,
        avg: 50,
        max: 99,
      },
      {
        group: '2026-11-11',
        day: '2026-11-11',
        calls: 50,
        timed_calls: 50,
        p50: 50,
        p95: 96,
        avg: 51,
        max: 100,
      },
    ]);
    const seen: unknown[] = [];
    for (let after: string | null = null; ; ) {
      const page = await listLatency(
        ctx,
        { filter: { organisation_id }, grouping: 'model' },
        { limit: 1, after },
      );
      seen.push(...page.data);
      after = page.nextAfter;
      if (after === null) break;
    }
    expect(seen).toEqual(data);
  });
});
