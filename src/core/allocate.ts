import { type Decimal, formatDecimal, isNegative, isZero, negate, unitsAt } from './decimal.ts';

/**
 * Splits a total, already rounded to `digits` decimals, in proportion to weights by the largest-remainder
 * method. Every part is rounded down; the leftover units then go one each to the parts that lost most, the
 * first of equals first. The parts sum to the total exactly, each is within one unit of its exact share, and
 * a zero weight gets zero.
 *
 * - A negative total is the mirror image: allocate(-t) = -allocate(t).
 * - Weights of both signs keep the plain proportion: a project with only corrections gets a negative part,
 *   because its corrections lowered the bill, and the others get more than the total.
 * - Weights that sum to zero have no proportion: the positive weights share the total; without positive
 *   weights, the first takes all.
 *
 * Throws when the total is not rounded, or is not zero and has no weight to go to.
 *
 * allocate(100.00, [1, 1, 1], 2) = [33.34, 33.33, 33.33]; allocate(6.00, [10, -4], 2) = [10.00, -4.00].
 */
export function allocate(total: Decimal, weights: readonly Decimal[], digits: number): Decimal[] {
  if (weights.length === 0) {
    if (isZero(total)) return [];
    throw new Error(`${formatDecimal(total)} has no weight to go to`);
  }
  if (isNegative(total)) return allocate(negate(total), weights, digits).map(negate);

  const parts = shareUnits(unitsAt(total, digits), proportionOf(weights));
  return parts.map((units) => ({ units, scale: digits }));
}

const sumOf = (integers: readonly bigint[]): bigint => integers.reduce((a, b) => a + b, 0n);

/** Integers proportional to the weights, with a sum above zero. */
function proportionOf(weights: readonly Decimal[]): bigint[] {
  const scale = Math.max(...weights.map((weight) => weight.scale));
  const integers = weights.map((weight) => unitsAt(weight, scale));
  const whole = sumOf(integers);
  if (whole !== 0n) return whole < 0n ? integers.map((integer) => -integer) : integers;
  if (integers.every((integer) => integer === 0n)) return integers.map((_, index) => (index === 0 ? 1n : 0n));
  return integers.map((integer) => (integer > 0n ? integer : 0n));
}

function shareUnits(units: bigint, proportion: readonly bigint[]): bigint[] {
  const whole = sumOf(proportion);
  const shares = proportion.map((weight, index) => {
    const product = units * weight;
    const remainder = ((product % whole) + whole) % whole;
    return { index, part: (product - remainder) / whole, remainder };
  });
  const leftOver = units - sumOf(shares.map((share) => share.part));
  const byRemainder = shares.toSorted((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  byRemainder.forEach((share, rank) => {
    if (BigInt(rank) < leftOver) share.part += 1n;
  });
  return shares.map((share) => share.part);
}
