import { describe, expect, test } from 'vitest';
import { addDays, startOfDay } from '../../../src/core/time.ts';
import {
  type CallFilter,
  EQUALITIES,
  earliestOf,
  isOfDays,
  latestBefore,
} from '../../../src/reports/ai/call-filter.ts';

describe('the statistics of days answer', () => {
  test.each<[string, CallFilter, boolean]>([
    ['for all calls', {}, true],
    ['for what they are kept by', { user_id: 'u', provider: 'p', model: 'm', generation_type: 't' }, true],
    ['for an organisation', { organisation_id: 'o' }, true],
    ['between days', { from: '2026-11-01', to: '2026-12-01' }, true],
    ['not from an instant on', { from: '2026-11-01T00:00:00.000Z' }, false],
    ['not to an instant', { from: '2026-11-01', to: '2026-11-02T00:00:00.000Z' }, false],
  ])('%s', (_, filter, expected) => {
    expect(isOfDays(filter)).toBe(expected);
  });

  test('not for what they do not have', () => {
    const known = ['user_id', 'provider', 'model', 'generation_type'];
    for (const name of EQUALITIES)
      expect([name, isOfDays({ [name]: 'x' })]).toEqual([name, known.includes(name)]);
  });
});

describe('the bounds by which indexes and partitions are read', () => {
  const ZONES = ['Pacific/Kiritimati', 'Pacific/Apia', 'UTC', 'America/New_York', 'Pacific/Pago_Pago'];

  test('leave out no instant of a day in any zone', () => {
    for (const zone of ZONES) {
      const day = '2026-11-01';
      const { occurred_at, ingested_at } = earliestOf(day);
      expect(Date.parse(occurred_at)).toBeLessThan(startOfDay(day, zone));
      expect(Date.parse(ingested_at)).toBeLessThan(Date.parse(occurred_at));
      expect(Date.parse(latestBefore(day))).toBeGreaterThan(startOfDay(day, zone));
      expect(Date.parse(latestBefore(day))).toBeGreaterThan(startOfDay(addDays(day, -1), zone));
    }
  });

  test('of an instant are the instant, and a day before it for what is received early', () => {
    expect(earliestOf('2026-11-01T05:00:00.000Z')).toEqual({
      occurred_at: '2026-11-01T05:00:00.000Z',
      ingested_at: '2026-10-31T05:00:00.000Z',
    });
  });

  test.each(['0001-01-01', '0001-01-01T00:00:00.000Z', '9999-12-31', '9999-12-31T23:59:59.999Z'])(
    'are what Postgres can read, also at %s',
    (bound) => {
      const texts = [...Object.values(earliestOf(bound)), latestBefore(bound.slice(0, 10))];
      for (const text of texts) expect(text).toMatch(/^\d{4}-\d\d-\d\dT/);
    },
  );
});
