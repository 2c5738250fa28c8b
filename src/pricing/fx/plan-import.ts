import { canonicalDecimal } from '../../core/decimal.ts';
import { startOfDay } from '../../core/time.ts';
import type { Publication } from './parse-ecb-rates.ts';

/** A range that a pair already has, [from_ms, to_ms) in epoch milliseconds, null for no end. */
export interface KnownRange {
  readonly id: string;
  readonly rate: string;
  readonly from_ms: number;
  readonly to_ms: number | null;
  /** Whether an import made it: only such a range gives way to a day that was not known. */
  readonly is_published: boolean;
}

/** What an import does to one pair. */
export interface ImportPlan {
  readonly inserts: readonly { readonly publication: Publication; readonly to_ms: number | null }[];
  readonly ends: readonly { readonly id: string; readonly at: number }[];
  readonly unchanged: number;
  /** Days for which another rate is there. */
  readonly conflicts: readonly { readonly publication: Publication; readonly rate: string }[];
}

/**
 * Decides on the publications of one pair, by day ascending, beside what is known of it, by time ascending and complete
 * from the first day on. A publication is in force from 00:00 UTC of its day until the next one that is known, in the
 * file or before it, so that a Friday's holds over the weekend and the last has no end; a published range in which a new
 * day lies ends there. A day on which a range begins, or that lies in a range that somebody entered, is there: with the
 * same rate it is unchanged, with another one a conflict.
 *
 * Known: Thursday 19th at 1.1, open. File: 19th at 1.1, Friday 20th at 1.2, Monday 23rd at 1.3 → the 19th is unchanged
 * and ends with its day, the 20th holds to the 23rd, the 23rd is open.
 */
export function planImport(known: readonly KnownRange[], published: readonly Publication[]): ImportPlan {
  const inserts: { publication: Publication; to_ms: number | null }[] = [];
  const ends: { id: string; at: number }[] = [];
  const conflicts: { publication: Publication; rate: string }[] = [];
  const starts = published.map(({ day }) => startOfDay(day, 'UTC'));
  let unchanged = 0;
  let next = 0;
  let endedId: string | undefined;
  published.forEach((publication, index) => {
    const at = starts[index] as number;
    while ((known[next]?.from_ms ?? Number.POSITIVE_INFINITY) <= at) next += 1;
    const last = known[next - 1];
    const covering = last && last.id !== endedId && (last.to_ms === null || last.to_ms > at) ? last : null;
    if (covering && (covering.from_ms === at || !covering.is_published)) {
      if (canonicalDecimal(covering.rate) === publication.rate) unchanged += 1;
      else conflicts.push({ publication, rate: covering.rate });
      return;
    }
    if (covering) {
      ends.push({ id: covering.id, at });
      endedId = covering.id;
    }
    const to = Math.min(
      known[next]?.from_ms ?? Number.POSITIVE_INFINITY,
      starts[index + 1] ?? Number.POSITIVE_INFINITY,
    );
    inserts.push({ publication, to_ms: to === Number.POSITIVE_INFINITY ? null : to });
  });
  return { inserts, ends, unchanged, conflicts };
}
