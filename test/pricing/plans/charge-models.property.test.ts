import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal, formatDecimal } from '../../../src/core/decimal.ts';
import { roundMoney } from '../../../src/core/money.ts';
import type { PlanVersion, Tier } from '../../../src/pricing/plans/charge-model.ts';
import { rateUsage } from '../../../src/pricing/plans/rate-usage.ts';
import { cases, decimalText, render } from './cases.ts';
import {
  type Fraction,
  fraction,
  isEqual,
  isLess,
  plus,
  rounded,
  times,
  usageAmount,
  whole,
} from './oracle.ts';
import { planOf } from './plans.ts';

const price = decimalText(0n, 10n ** 20n);
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { freq: 2, nil: null });

// Bounds, quantities and included units share scale 3, so quantities often meet boundaries exactly.
const SCALE = 3;
const steps = fc.array(fc.bigInt({ min: 1n, max: 200_000n }), { maxLength: 5 });

const tiers: fc.Arbitrary<Tier[]> = fc
  .tuple(steps, fc.array(fc.tuple(price, optional(price)), { minLength: 6, maxLength: 6 }))
  .map(([widths, prices]) => {
    let bound = 0n;
    return [...widths, null].map((width, index): Tier => {
      const [price_per_unit, flat_fee] = prices[index] ?? ['0', null];
      if (width !== null) bound += width;
      const up_to = width === null ? null : render(bound, SCALE);
      return flat_fee === null ? { up_to, price_per_unit } : { up_to, price_per_unit, flat_fee };
    });
  });

const limits = fc
  .tuple(optional(fc.bigInt({ min: 0n, max: 50_000n })), optional(price), optional(price))
  .map(([included, a, b]) => {
    const isSwapped = a !== null && b !== null && isLess(fraction(b), fraction(a));
    return {
      included_units: included === null ? null : render(included, SCALE),
      minimum_amount: isSwapped ? b : a,
      maximum_amount: isSwapped ? a : b,
    };
  });

const MODELS: Record<string, fc.Arbitrary<Partial<PlanVersion>>> = {
  per_unit: price.map((price_per_unit) => ({ charge_model: 'per_unit', price_per_unit })),
  graduated: tiers.map((list) => ({ charge_model: 'graduated', tiers: list })),
  volume: tiers.map((list) => ({ charge_model: 'volume', tiers: list })),
  package: fc.tuple(fc.bigInt({ min: 1n, max: 5_000n }), price).map(([packageSize, package_price]) => ({
    charge_model: 'package',
    package_size: render(packageSize, SCALE),
    package_price,
  })),
  percentage: fc
    .tuple(decimalText(1n, 10n ** 15n), optional(price))
    .map(([rate, fixed_amount]) => ({ charge_model: 'percentage', rate, fixed_amount })),
};

/** The quantities at which a rule changes: zero, each tier's bound, and a full package. */
function boundariesOf(plan: PlanVersion, packages: bigint): Fraction[] {
  const bounds = (plan.tiers ?? []).flatMap((tier) => (tier.up_to === null ? [] : [fraction(tier.up_to)]));
  const full = plan.package_size === null ? [] : [times(fraction(plan.package_size), whole(packages))];
  return [whole(0n), ...bounds, ...full];
}

const CRUMBS = ['0', '0', '0.000000000001', '-0.000000000001', '1', '-1'];

/** A quantity whose billable part is at a boundary, or one step or one unit away from it. */
function quantityAt(plan: PlanVersion, pick: number, crumb: number, packages: bigint): string {
  const boundaries = boundariesOf(plan, packages);
  const boundary = boundaries[pick % boundaries.length] ?? whole(0n);
  const billable = plus(boundary, fraction(CRUMBS[crumb % CRUMBS.length] ?? '0'));
  const quantity = plus(billable, fraction(plan.included_units ?? '0'));
  return render((quantity.over * 10n ** 12n) / quantity.under, 12);
}

interface Case {
  readonly plan: PlanVersion;
  readonly quantity: string;
  /** Matters to only one of the models. */
  readonly events: number;
}

const caseOf = (model: fc.Arbitrary<Partial<PlanVersion>>): fc.Arbitrary<Case> =>
  fc
    .tuple(
      model,
      limits,
      fc.boolean(),
      fc.nat(),
      fc.nat(),
      fc.bigInt({ min: 0n, max: 40n }),
      decimalText(-(10n ** 16n), 10n ** 30n),
      fc.oneof(fc.nat({ max: 5 }), fc.maxSafeNat()),
    )
    .map(([fields, bounds, atBoundary, pick, crumb, packages, anywhere, events]) => {
      const plan = planOf({ ...fields, ...bounds });
      return { plan, quantity: atBoundary ? quantityAt(plan, pick, crumb, packages) : anywhere, events };
    });

describe('every charge equals the exact rational definition of its model', () => {
  test.each(Object.entries(MODELS))('%s, 15,000 cases', (_, model) => {
    fc.assert(
      fc.property(caseOf(model), ({ plan, quantity, events }) => {
        const charge = rateUsage(plan, decimal(quantity), events);
        const expected = usageAmount(plan, quantity, events);
        if (!isEqual(fraction(formatDecimal(charge.amount)), expected)) {
          throw new Error(`${formatDecimal(charge.amount)} instead of ${expected.over}/${expected.under}`);
        }
        const line = fraction(formatDecimal(roundMoney(charge.amount, 'USD')));
        expect(isEqual(line, rounded(expected, 2))).toBe(true);
      }),
      cases(15_000),
    );
  });
});

describe('the tiers of a charge explain it', () => {
  test.each(['graduated', 'volume'])(
    '%s: quantities add up to the billable, amounts to the charge, 3,000 cases',
    (name) => {
      fc.assert(
        fc.property(caseOf(MODELS[name] ?? fc.constant({})), ({ plan, quantity }) => {
          const bare = { ...plan, minimum_amount: null, maximum_amount: null, included_units: null };
          const charge = rateUsage(bare, decimal(quantity));
          const rows = charge.tiers ?? [];
          const amounts = rows.map((row) => fraction(row.amount)).reduce(plus, whole(0n));
          const quantities = rows.map((row) => fraction(row.quantity)).reduce(plus, whole(0n));
          const billable = quantity.startsWith('-') ? whole(0n) : fraction(quantity);
          expect(isEqual(amounts, fraction(formatDecimal(charge.amount)))).toBe(true);
          expect(isEqual(quantities, billable)).toBe(true);
        }),
        cases(3_000),
      );
    },
  );
});
