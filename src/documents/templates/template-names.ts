/** Suggestions for an unknown name. */

const NAMES_MAX = 3;
/** Longer names get no suggestions. */
const CHARACTERS_MAX = 60;

/**
 * The nearest names, as the end of a sentence; empty if none is near: 'totl' → '; the nearest are ‘total’ and
 * ‘title’'. A name is near if it differs in at most two letters, or four in ten, or if one name contains the other.
 */
export function nameNearest(name: string, known: readonly string[]): string {
  if (name.length > CHARACTERS_MAX) return '';
  const near = [...new Set(known)]
    .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, 0.4 * name.length) || holds(name, candidate))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NAMES_MAX)
    .map(({ candidate }) => `‘${candidate}’`);
  const [first, ...others] = near;
  if (first === undefined) return '';
  if (others.length === 0) return `; the nearest is ${first}`;
  return `; the nearest are ${near.slice(0, -1).join(', ')} and ${near.at(-1)}`;
}

const holds = (name: string, candidate: string): boolean =>
  name.length > 3 && candidate.length > 3 && (candidate.includes(name) || name.includes(candidate));

/** The Levenshtein distance: the number of letters to insert, delete or change. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
