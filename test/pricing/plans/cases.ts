import fc from 'fast-check';
import { SEED } from '../../setup/seeded.ts';

/**
 * Settings of a property run: the run's seed, unless TEST_SEED overrides it. A failure prints its seed and the path
 * to its smallest counterexample.
 */
export const cases = (numRuns: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns,
  seed: SEED,
});

/** The text of units / 10^scale with trailing zeros: an amount may be written '1.50'. */
export function render(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, at)}${scale === 0 ? '' : `.${digits.slice(at)}`}`;
}

/** Decimal texts with at most the given digits, often small or round. */
export const decimalText = (least: bigint, most: bigint, scaleMax = 12): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 2, arbitrary: fc.bigInt({ min: least, max: most }) },
        { weight: 3, arbitrary: fc.bigInt({ min: least < 0n ? -2000n : 0n, max: 2000n }) },
      ),
      fc.nat({ max: scaleMax }),
    )
    .map(([units, scale]) => render(units, scale));
