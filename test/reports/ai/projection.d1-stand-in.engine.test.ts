/** The month so far and its projection: from the drain to the response. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectSpend } from '../../../src/reports/ai/project-spend.ts';
import type { GenerationContent } from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { type Call, organisationWith } from './drained-calls.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('projection');
}, 60_000);
afterAll(() => suite?.close());

const HOUR = 3_600_000;

describe('the projection of a month', () => {
  const cost = (cost_usd: string, fields: GenerationContent = {}): GenerationContent => ({
    cost_usd,
    ...fields,
  });

  test.each<[string, string, string, number, number, string, string]>([
    // Spend since the first of November in New York: 1 at its first instant, 2 on the tenth, 4 later.
    ['at its first moment', 'America/New_York', '2026-11-01T04:00:00.000Z', 0, 721, '0', '0.00'],
    ['a millisecond later', 'America/New_York', '2026-11-01T04:00:00.001Z', 0, 721, '1', '2595600000.00'],
    ['after the extra hour', 'America/New_York', '2026-11-02T05:00:00.000Z', 25, 721, '1', '28.84'],
    ['in the middle of a day', 'America/New_York', '2026-11-10T17:00:00.000Z', 229, 721, '3', '9.45'],
    ['at its last moment', 'America/New_York', '2026-12-01T04:59:59.999Z', 720, 721, '7', '7.00'],
    ['of another zone', 'Asia/Kolkata', '2026-11-10T17:00:00.000Z', 238, 720, '103', '310.94'],
  ])('%s', async (_, zone, now, hours, periodHours, spent, projected) => {
    const organisation_id = await organisationWith(suite, zone, [
      ['2026-11-01T03:59:59.999Z', cost('100')],
      ['2026-11-01T04:00:00.000Z', cost('1')],
      ['2026-11-10T16:59:59.999Z', cost('2')],
      ['2026-11-10T17:00:00.000Z', cost('4')],
    ]);
    const found = await projectSpend(suite.ctx(now), { organisation_id });
    expect(found).toMatchObject({
      as_of: now,
      timezone: zone,
      spend_so_far: spent,
      projected_monthly: projected,
      period_ms: periodHours * HOUR,
      elapsed_ms: Date.parse(now) - Date.parse(found.period_start),
    });
    expect(Math.floor(found.elapsed_ms / HOUR)).toBe(hours);
    expect(Date.parse(found.period_end) - Date.parse(found.period_start)).toBe(found.period_ms);
  });

  test('is of one user, of an organisation or of all, with tokens, and says how many calls nobody knows the cost of', async () => {
    const tokens = { input: '10', output: '1', cache_read: '5', reasoning: '2' };
    const calls: Call[] = [
      ['2026-03-01T00:00:00Z', { user_id: 'ann', cost_usd: '1.5', tokens }],
      ['2026-03-10T10:00:00Z', { user_id: 'ann', tokens }],
      ['2026-03-10T11:59:59Z', { user_id: 'bob', cost_usd: '0.25', tokens }],
      ['2026-03-10T12:00:00Z', { user_id: 'ann', cost_usd: '64', tokens }],
    ];
    const [ours] = [await organisationWith(suite, 'UTC', calls), await organisationWith(suite, 'UTC', calls)];
    const ctx = suite.ctx('2026-03-10T12:00:00Z');
    expect(await projectSpend(ctx, { organisation_id: ours })).toEqual({
      as_of: '2026-03-10T12:00:00.000Z',
      period_start: '2026-03-01T00:00:00.000Z',
      period_end: '2026-04-01T00:00:00.000Z',
      timezone: 'UTC',
      spend_so_far: '1.75',
      total_calls: 3,
      total_input_tokens: '45',
      total_output_tokens: '9',
      unpriced_calls: 1,
      elapsed_ms: 9.5 * 24 * HOUR,
      period_ms: 31 * 24 * HOUR,
      projected_monthly: '5.71',
    });
    const ofAnn = { spend_so_far: '1.5', total_calls: 2, unpriced_calls: 1 };
    expect(await projectSpend(ctx, { organisation_id: ours, user_id: 'ann' })).toMatchObject(ofAnn);
    expect(await projectSpend(ctx, { user_id: 'ann' })).toMatchObject({ spend_so_far: '3', total_calls: 4 });
    expect(await projectSpend(ctx, {})).toMatchObject({
      spend_so_far: '3.5',
      total_calls: 6,
      timezone: 'UTC',
    });
    const nobody = { spend_so_far: '0', total_calls: 0, projected_monthly: '0.00', total_input_tokens: '0' };
    for (const user_id of ['', 'nobody']) {
      expect(await projectSpend(ctx, { organisation_id: ours, user_id })).toMatchObject(nobody);
    }
  });
});
