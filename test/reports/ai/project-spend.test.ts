import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal } from '../../../src/core/decimal.ts';
import { DAY_MS } from '../../../src/core/time.ts';
import { deriveProjection } from '../../../src/reports/ai/project-spend.ts';
import { cases, decimalText } from '../../pricing/plans/cases.ts';
import { dividedBy, fraction, isEqual, rounded, times, whole } from '../../pricing/plans/oracle.ts';

const MONTH = 30 * DAY_MS;

test.each<[string, string, number, number, string]>([
  ['at its first moment nothing is known', '7', 0, MONTH, '0.00'],
  ['before it nothing is known', '7', -1, MONTH, '0.00'],
  ['after a millisecond it is already a pace', '0.01', 1, MONTH, '25920000.00'],
  ['nothing spent comes to nothing', '0', 5 * DAY_MS, MONTH, '0.00'],
  ['two whole days of thirty', '7', 2 * DAY_MS, MONTH, '105.00'],
  ['half of a day counts as half', '7', 1.5 * DAY_MS, MONTH, '140.00'],
  ['at its end it is what was spent', '12.345', MONTH, MONTH, '12.35'],
  ['half a cent is rounded away from zero', '0.005', MONTH, MONTH, '0.01'],
  ['less than half a cent is not', '0.004999999999', MONTH, MONTH, '0.00'],
  ['a month of 31 days and an hour', '10', DAY_MS, 31 * DAY_MS + 3_600_000, '310.42'],
])('%s', (_, spent, elapsed, period, expected) => {
  expect(deriveProjection(decimal(spent), elapsed, period)).toBe(expected);
});

test('it agrees with fractions, 2,000 cases', () => {
  const period = fc.integer({ min: 28 * DAY_MS, max: 31 * DAY_MS + 3_600_000 });
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(decimalText(0n, 10n ** 30n), period, part, (spent, periodMs, share) => {
      const elapsedMs = 1 + Math.floor(share * (periodMs - 1));
      const [elapsed, all] = [whole(BigInt(elapsedMs)), whole(BigInt(periodMs))];
      const exact = dividedBy(times(fraction(spent), all), elapsed);
      const projected = deriveProjection(decimal(spent), elapsedMs, periodMs);
      expect(projected).toMatch(/^\d+\.\d\d$/);
      expect(isEqual(fraction(projected), rounded(exact, 2))).toBe(true);
    }),
    cases(2_000),
  );
});
