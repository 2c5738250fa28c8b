import { canonicalDecimal } from '../../core/decimal.ts';
import { startOfDay } from '../../core/time.ts';
import type { Publication } from './parse-ecb-rates.ts';

/** A range already stored for a pair: [from_ms, to_ms) in epoch milliseconds, null if open-ended. */
export interface KnownRange {
  readonly id: string;
  readonly rate: string;
  readonly from_ms: number;
  readonly to_ms: number | null;
  /** Whether an import created it. Only such a range can be cut short by a newly published day. */
  readonly is_published: boolean;
}

/** The changes an import makes to one pair. */
export interface ImportPlan {
  readonly inserts: readonly { readonly publication: Publication; readonly to_ms: number | null }[];
  readonly ends: readonly { readonly id: string; readonly at: number }[];
  readonly unchanged: number;
  /** Days that have a different stored rate. */
  readonly conflicts: readonly { readonly publication: Publication; readonly rate: string }[];
}

/**
 * Plans the import of one pair. `published` is sorted by day. `known` is sorted by time and complete from the first
 * published day. A publication is in force from 00:00 UTC of its day until the next known one, from the file or
 * already stored. So a Friday's rate holds over the weekend, and the last one is open-ended. A published range ends
 * where a new day falls inside it. A day counts as stored if a range begins on it, or if it lies in a manually
 * entered range: it is unchanged if the rate is the same, otherwise a conflict.
 *
 * Known: Thursday 19th at 1.1, open. File: 19th at 1.1, Friday 20th at 1.2, Monday 23rd at 1.3 → the 19th is
 * unchanged and ends with its day, the 20th holds to the 23rd, the 23rd is open.
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
