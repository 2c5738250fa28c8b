import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlanVersion } from '../../../src/pricing/plans/charge-model.ts';
import {
  listPlanSegments,
  type PlanQuery,
  type PlanSegment,
} from '../../../src/pricing/plans/plans-by-day.ts';
import { cases } from './cases.ts';
import { planOf } from './plans.ts';

const OURS = 'organisation-a';
const MARCH: PlanQuery = {
  organisation_id: OURS,
  metric_name: 'api_calls',
  unit: 'call',
  currency: 'USD',
  first_day: '2026-03-01',
  last_day: '2026-03-31',
};

const globalPlan = (id: string, from: string, to: string | null, currency = 'USD'): PlanVersion =>
  planOf({ id, price_per_unit: '1', effective_from: from, effective_to: to, currency });
const ownPlan = (id: string, from: string, to: string | null, currency = 'USD'): PlanVersion => ({
  ...globalPlan(id, from, to, currency),
  organisation_id: OURS,
});

const tell = (segment: PlanSegment): string => {
  const rule =
    segment.kind === 'priced'
      ? segment.plan.id
      : segment.kind === 'unpriced'
        ? 'unpriced'
        : `only ${segment.currencies.join(' ')}`;
  return `${segment.first_day.slice(5)}…${segment.last_day.slice(5)} ${rule}`;
};

describe('on each day the own version rules, else the global one', () => {
  test.each<[string, PlanVersion[], string[]]>([
    ['no plan', [], ['03-01…03-31 unpriced']],
    ['a global plan', [globalPlan('g', '2026-01-01', null)], ['03-01…03-31 g']],
    [
      'an own plan before a global one',
      [globalPlan('g', '2026-01-01', null), ownPlan('o', '2026-01-01', null)],
      ['03-01…03-31 o'],
    ],
    ['from the first day', [globalPlan('g', '2026-03-01', null)], ['03-01…03-31 g']],
    ['from the second day', [globalPlan('g', '2026-03-02', null)], ['03-01…03-01 unpriced', '03-02…03-31 g']],
    ['from the last day', [globalPlan('g', '2026-03-31', null)], ['03-01…03-30 unpriced', '03-31…03-31 g']],
    ['from the day after', [globalPlan('g', '2026-04-01', null)], ['03-01…03-31 unpriced']],
    ['ended before the first day', [globalPlan('g', '2026-01-01', '2026-03-01')], ['03-01…03-31 unpriced']],
    [
      'the end is not included',
      [globalPlan('g', '2026-01-01', '2026-03-02')],
      ['03-01…03-01 g', '03-02…03-31 unpriced'],
    ],
    [
      'ended on the last day',
      [globalPlan('g', '2026-01-01', '2026-03-31')],
      ['03-01…03-30 g', '03-31…03-31 unpriced'],
    ],
    ['ended after it', [globalPlan('g', '2026-01-01', '2026-04-01')], ['03-01…03-31 g']],
    [
      'one version after another',
      [globalPlan('b', '2026-03-16', null), globalPlan('a', '2026-01-01', '2026-03-16')],
      ['03-01…03-15 a', '03-16…03-31 b'],
    ],
    [
      'an own version between: the global one has a segment on either side',
      [globalPlan('g', '2026-01-01', null), ownPlan('o', '2026-03-10', '2026-03-20')],
      ['03-01…03-09 g', '03-10…03-19 o', '03-20…03-31 g'],
    ],
    [
      'a global change under an own version changes nothing',
      [
        globalPlan('a', '2026-01-01', '2026-03-16'),
        globalPlan('b', '2026-03-16', null),
        ownPlan('o', '2026-01-01', null),
      ],
      ['03-01…03-31 o'],
    ],
    [
      'a gap between versions',
      [globalPlan('a', '2026-01-01', '2026-03-10'), globalPlan('b', '2026-03-12', null)],
      ['03-01…03-09 a', '03-10…03-11 unpriced', '03-12…03-31 b'],
    ],
    [
      'of another organisation',
      [{ ...ownPlan('x', '2026-01-01', null), organisation_id: 'b' }],
      ['03-01…03-31 unpriced'],
    ],
    [
      'of another metric',
      [{ ...globalPlan('x', '2026-01-01', null), metric_name: 'tokens' }],
      ['03-01…03-31 unpriced'],
    ],
    ['of another unit', [{ ...globalPlan('x', '2026-01-01', null), unit: '' }], ['03-01…03-31 unpriced']],
  ])('%s', (_, plans, expected) => {
    expect(listPlanSegments(plans, MARCH).map(tell)).toEqual(expected);
  });

  test('a range of one day is one segment, an empty one has none', () => {
    const plans = [globalPlan('g', '2026-01-01', null)];
    const day = { ...MARCH, last_day: MARCH.first_day };
    expect(listPlanSegments(plans, day).map(tell)).toEqual(['03-01…03-01 g']);
    expect(listPlanSegments(plans, { ...MARCH, last_day: '2026-02-28' })).toEqual([]);
  });
});

describe('a metric priced only in another currency has that price; in several others none is chosen', () => {
  test.each<[string, PlanVersion[], string[]]>([
    ['one other currency', [globalPlan('e', '2026-01-01', null, 'EUR')], ['03-01…03-31 e']],
    [
      'several, in order',
      [globalPlan('j', '2026-01-01', null, 'JPY'), globalPlan('e', '2026-01-01', null, 'EUR')],
      ['03-01…03-31 only EUR JPY'],
    ],
    [
      'several own ones, whatever is global',
      [
        globalPlan('g', '2026-01-01', null, 'GBP'),
        ownPlan('j', '2026-01-01', null, 'JPY'),
        ownPlan('e', '2026-01-01', null, 'EUR'),
      ],
      ['03-01…03-31 only EUR GBP JPY'],
    ],
    [
      'an own one before a global one, each in another',
      [globalPlan('j', '2026-01-01', null, 'JPY'), ownPlan('e', '2026-01-01', null, 'EUR')],
      ['03-01…03-31 e'],
    ],
    [
      'the currency of the organisation rules, also against an own plan in another',
      [globalPlan('g', '2026-01-01', null), ownPlan('e', '2026-01-01', null, 'EUR')],
      ['03-01…03-31 g'],
    ],
    [
      'day by day',
      [globalPlan('e', '2026-03-05', null, 'EUR'), globalPlan('g', '2026-03-10', '2026-03-20')],
      ['03-01…03-04 unpriced', '03-05…03-09 e', '03-10…03-19 g', '03-20…03-31 e'],
    ],
    [
      'of another organisation does not count',
      [{ ...ownPlan('x', '2026-01-01', null, 'EUR'), organisation_id: 'b' }],
      ['03-01…03-31 unpriced'],
    ],
  ])('%s', (_, plans, expected) => {
    expect(listPlanSegments(plans, MARCH).map(tell)).toEqual(expected);
  });
});

const DAYS = Array.from({ length: 42 }, (_, index) =>
  new Date(Date.UTC(2026, 1, 23 + index)).toISOString().slice(0, 10),
);

const anyPlan = fc
  .tuple(
    fc.nat({ max: 40 }),
    fc.option(fc.integer({ min: 1, max: 30 }), { freq: 4, nil: null }),
    fc.boolean(),
    fc.constantFrom('USD', 'USD', 'EUR', 'JPY'),
  )
  .map(([from, days, isOwn, currency]) => {
    const start = DAYS[from] ?? '';
    const end = days === null ? null : (DAYS[from + days] ?? null);
    return isOwn ? ownPlan('', start, end, currency) : globalPlan('', start, end, currency);
  });

/** Like the database's constraint: of plans that overlap for one owner and currency, keeps only the first. */
function withoutOverlap(plans: readonly PlanVersion[]): PlanVersion[] {
  const kept: PlanVersion[] = [];
  for (const plan of plans) {
    const overlaps = kept.some(
      (other) =>
        other.organisation_id === plan.organisation_id &&
        other.currency === plan.currency &&
        (other.effective_to === null || plan.effective_from < other.effective_to) &&
        (plan.effective_to === null || other.effective_from < plan.effective_to),
    );
    if (!overlaps) kept.push({ ...plan, id: `plan-${kept.length}` });
  }
  return kept;
}

test('every day falls in exactly one segment, and in the one that its own look-up gives, 3,000 cases', () => {
  fc.assert(
    fc.property(fc.array(anyPlan, { maxLength: 8 }), (list) => {
      const plans = withoutOverlap(list);
      const segments = listPlanSegments(plans, MARCH);
      const days = DAYS.filter((day) => day >= MARCH.first_day && day <= MARCH.last_day);
      for (const day of days) {
        const holding = segments.filter((segment) => segment.first_day <= day && day <= segment.last_day);
        const onDay = plans.filter(
          (p) => !(day < p.effective_from) && !(p.effective_to !== null && day >= p.effective_to),
        );
        const own = onDay.filter((p) => p.organisation_id === OURS);
        const shared = onDay.filter((p) => p.organisation_id === null);
        const foreign = own.length > 0 ? own : shared;
        const others = [...new Set(onDay.map((p) => p.currency))].sort();
        const inDollars = [...own, ...shared].find((p) => p.currency === 'USD');
        const alone = new Set(foreign.map((p) => p.currency)).size === 1 ? foreign[0] : undefined;
        const expected =
          inDollars?.id ?? alone?.id ?? (others.length > 0 ? `only ${others.join(' ')}` : 'unpriced');
        expect(holding.map((segment) => tell(segment).split(' ').slice(1).join(' '))).toEqual([expected]);
      }
      const rules = segments.map((segment) => tell(segment).split(' ').slice(1).join(' '));
      expect(rules.every((rule, index) => rule !== rules[index - 1])).toBe(true);
    }),
    cases(3_000),
  );
});
