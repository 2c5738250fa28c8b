/** The import of one pair: a table, and every way to split a history into files. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KnownRange, planImport } from '../../../src/pricing/fx/plan-import.ts';
import { dayAt } from './fx.ts';

const ms = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const D = (day: number): string => dayAt('2026-11-15', day - 15);

const known = (from: number, to: number | null, rate: string, { is_published = true } = {}): KnownRange => ({
  id: `${from}`,
  rate,
  from_ms: ms(D(from)),
  to_ms: to === null ? null : ms(D(to)),
  is_published,
});
const entered = { is_published: false };

/** One word per effect: `+19..20@1.1` a range, `19x20` an end, `!19` a conflict, `=2` days unchanged. */
function effectOf(ranges: readonly KnownRange[], file: readonly (readonly [number, string])[]): string {
  const published = file.map(([day, rate], index) => ({ day: D(day), rate, line: index + 2 }));
  const { inserts, ends, unchanged, conflicts } = planImport(ranges, published);
  const short = (at: number | null): string => (at === null ? '' : new Date(at).toISOString().slice(8, 10));
  return [
    ...ends.map(({ id, at }) => `${id}x${short(at)}`),
    ...inserts.map(({ publication: { day, rate }, to_ms }) => `+${day.slice(8)}..${short(to_ms)}@${rate}`),
    ...conflicts.map(({ publication }) => `!${publication.day.slice(8)}`),
    ...(unchanged > 0 ? [`=${unchanged}`] : []),
  ].join(' ');
}

describe('the effect of a file', () => {
  test.each<[string, KnownRange[], [number, string][], string]>([
    ['of nothing', [known(19, null, '1.1')], [], ''],
    ['first of all', [], [[19, '1.1']], '+19..@1.1'],
    [
      'over a weekend',
      [],
      [
        [20, '1.2'],
        [23, '1.3'],
      ],
      '+20..23@1.2 +23..@1.3',
    ],
    [
      'the same again',
      [known(20, 23, '1.2'), known(23, null, '1.3')],
      [
        [20, '1.2'],
        [23, '1.3'],
      ],
      '=2',
    ],
    [
      'newer',
      [known(19, null, '1.1')],
      [
        [19, '1.1'],
        [20, '1.2'],
      ],
      '19x20 +20..@1.2 =1',
    ],
    [
      'newer by several days',
      [known(19, null, '1.1')],
      [
        [20, '1.2'],
        [23, '1.3'],
      ],
      '19x20 +20..23@1.2 +23..@1.3',
    ],
    ['newer with the same rate', [known(19, null, '1.1')], [[20, '1.1']], '19x20 +20..@1.1'],
    [
      'older',
      [known(19, null, '1.1')],
      [
        [17, '1.0'],
        [18, '1.05'],
      ],
      '+17..18@1.0 +18..19@1.05',
    ],
    [
      'with a day that was missing',
      [known(18, 20, '1'), known(20, null, '1.2')],
      [[19, '1.1']],
      '18x19 +19..20@1.1',
    ],
    ['with another rate', [known(19, null, '1.1')], [[19, '1.2']], '!19'],
    ['with the same rate, written otherwise', [known(19, null, '1.10')], [[19, '1.1']], '=1'],
    ['in an entered range, the same', [known(15, null, '1.1', entered)], [[19, '1.1']], '=1'],
    ['in an entered range, another', [known(15, null, '1.1', entered)], [[19, '1.2']], '!19'],
    [
      'up to an entered range',
      [known(20, 25, '1.1', entered)],
      [
        [19, '1.2'],
        [23, '1.1'],
      ],
      '+19..20@1.2 =1',
    ],
    ['from the end of an entered range on', [known(15, 19, '1.1', entered)], [[19, '1.2']], '+19..@1.2'],
    [
      'after a range that was ended',
      [known(17, 18, '1.1')],
      [
        [17, '1.1'],
        [19, '1.2'],
      ],
      '+19..@1.2 =1',
    ],
  ])('%s', (_, ranges, file, expected) => {
    expect(effectOf(ranges, file)).toBe(expected);
  });
});

test('a history in any files, in any order and again and again, is the history in one file', () => {
  const history = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 3 })), {
      selector: ([day]) => day,
      minLength: 1,
      maxLength: 25,
    })
    .map((pairs) =>
      [...pairs]
        .sort(([a], [b]) => a - b)
        .map(([day, rate]) => ({ day: dayAt('2026-01-01', day), rate: `${rate}`, line: 0 })),
    );
  const cuts = fc.array(fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }), { maxLength: 6 });
  fc.assert(
    fc.property(history, cuts, (publications, files) => {
      const ranges: {
        id: string;
        rate: string;
        from_ms: number;
        to_ms: number | null;
        is_published: boolean;
      }[] = [];
      const everything = new Array<boolean>(25).fill(true);
      const seen = new Set<string>();
      for (const file of [...files, everything, everything]) {
        const published = publications.filter((_, index) => file[index]);
        const plan = planImport(ranges, published);
        expect(plan.conflicts).toEqual([]);
        expect(plan.unchanged).toBe(published.filter(({ day }) => seen.has(day)).length);
        for (const { id, at } of plan.ends) {
          const range = ranges.find((each) => each.id === id);
          if (range) range.to_ms = at;
        }
        for (const { publication, to_ms } of plan.inserts) {
          const { day, rate } = publication;
          ranges.push({ id: day, rate, from_ms: ms(day), to_ms, is_published: true });
          seen.add(day);
        }
        ranges.sort((a, b) => a.from_ms - b.from_ms);
        // From the definition: each known day holds until the next known day, and the last is open-ended.
        const days = [...seen].sort();
        expect(ranges.map(({ from_ms, to_ms, rate }) => [from_ms, to_ms, rate])).toEqual(
          days.map((day, index) => [
            ms(day),
            days[index + 1] === undefined ? null : ms(days[index + 1] as string),
            publications.find((each) => each.day === day)?.rate,
          ]),
        );
      }
    }),
    { seed: 20_261_123 },
  );
});
