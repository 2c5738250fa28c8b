/**
 * An independent implementation of the pricing rules in exact rational numbers. It does not import the product or
 * copy its method: texts become fractions, and each rule is written from its definition.
 */
export interface Fraction {
  readonly over: bigint;
  /** Above zero. */
  readonly under: bigint;
}

export const whole = (value: bigint): Fraction => ({ over: value, under: 1n });

export function fraction(text: string): Fraction {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Error(`the oracle cannot read ${text}`);
  const [, sign, digits = '', decimals = ''] = match;
  const size = BigInt(digits + decimals);
  return { over: sign === '-' ? -size : size, under: BigInt(`1${'0'.repeat(decimals.length)}`) };
}

export const plus = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under,
});
export const minus = (a: Fraction, b: Fraction): Fraction => plus(a, { over: -b.over, under: b.under });
export const times = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.over,
  under: a.under * b.under,
});
export const dividedBy = (a: Fraction, b: Fraction): Fraction =>
  b.over < 0n
    ? { over: -a.over * b.under, under: a.under * -b.over }
    : { over: a.over * b.under, under: a.under * b.over };

export const isLess = (a: Fraction, b: Fraction): boolean => a.over * b.under < b.over * a.under;
export const isEqual = (a: Fraction, b: Fraction): boolean => a.over * b.under === b.over * a.under;

const size = (a: Fraction): Fraction => (a.over < 0n ? { over: -a.over, under: a.under } : a);

export function floor(a: Fraction): bigint {
  let quotient = a.over / a.under;
  while (quotient * a.under > a.over) quotient -= 1n;
  return quotient;
}

/** The nearest multiple of 10^-digits; of two equally near, the one further from zero. */
export function rounded(a: Fraction, digits: number): Fraction {
  const grid = BigInt(`1${'0'.repeat(digits)}`);
  const below = floor(times(a, whole(grid)));
  const low = { over: below, under: grid };
  const high = { over: below + 1n, under: grid };
  const [toLow, toHigh] = [size(minus(a, low)), size(minus(high, a))];
  if (isEqual(toLow, toHigh)) return isLess(size(low), size(high)) ? high : low;
  return isLess(toLow, toHigh) ? low : high;
}

export interface OracleTier {
  readonly up_to: string | null;
  readonly price_per_unit: string;
  readonly flat_fee?: string;
}

export interface OraclePlan {
  readonly charge_model: string;
  readonly price_per_unit: string | null;
  readonly tiers: readonly OracleTier[] | null;
  readonly package_size: string | null;
  readonly package_price: string | null;
  readonly amount: string | null;
  readonly rate: string | null;
  readonly fixed_amount: string | null;
  readonly included_units: string | null;
  readonly minimum_amount: string | null;
  readonly maximum_amount: string | null;
}

const NOTHING = whole(0n);

/** From the top tier down: whatever lies above a tier's lower bound and is not charged yet is charged there. */
function graduatedAmount(tiers: readonly OracleTier[], billable: Fraction): Fraction {
  let amount = NOTHING;
  let rest = billable;
  for (let i = tiers.length - 1; i >= 0; i--) {
    const below = i === 0 ? NOTHING : fraction(tiers[i - 1]?.up_to ?? '');
    if (!isLess(below, rest)) continue;
    amount = plus(amount, times(minus(rest, below), fraction(tiers[i]?.price_per_unit ?? '')));
    amount = plus(amount, fraction(tiers[i]?.flat_fee ?? '0'));
    rest = below;
  }
  return amount;
}

/** The index of the tier reached is the number of bounds strictly below the quantity. */
function volumeAmount(tiers: readonly OracleTier[], billable: Fraction): Fraction {
  if (!isLess(NOTHING, billable)) return NOTHING;
  const passed = tiers.filter((tier) => tier.up_to !== null && isLess(fraction(tier.up_to), billable)).length;
  const tier = tiers[passed];
  return plus(times(billable, fraction(tier?.price_per_unit ?? '')), fraction(tier?.flat_fee ?? '0'));
}

/** The fewest packages that hold the quantity: the full ones, plus one if there is a rest. */
function packageAmount(plan: OraclePlan, billable: Fraction): Fraction {
  const exact = dividedBy(billable, fraction(plan.package_size ?? ''));
  const full = floor(exact);
  const packages = isEqual(whole(full), exact) ? full : full + 1n;
  return times(whole(packages), fraction(plan.package_price ?? ''));
}

/** `rate` hundredths of the quantity, plus the fixed amount per event. */
function percentageAmount(plan: OraclePlan, billable: Fraction, events: number): Fraction {
  const margin = dividedBy(times(billable, fraction(plan.rate ?? '')), whole(100n));
  return plus(margin, times(whole(BigInt(events)), fraction(plan.fixed_amount ?? '0')));
}

function modelAmount(plan: OraclePlan, billable: Fraction, events: number): Fraction {
  if (plan.charge_model === 'per_unit') return times(fraction(plan.price_per_unit ?? ''), billable);
  if (plan.charge_model === 'graduated') return graduatedAmount(plan.tiers ?? [], billable);
  if (plan.charge_model === 'volume') return volumeAmount(plan.tiers ?? [], billable);
  if (plan.charge_model === 'package') return packageAmount(plan, billable);
  if (plan.charge_model === 'percentage') return percentageAmount(plan, billable, events);
  throw new Error(`the oracle does not know ${plan.charge_model}`);
}

export function usageAmount(plan: OraclePlan, quantityText: string, events: number): Fraction {
  if (plan.charge_model === 'flat') return fraction(plan.amount ?? '');
  const quantity = fraction(quantityText);
  if (!isLess(NOTHING, quantity)) return NOTHING;
  const beyond = minus(quantity, fraction(plan.included_units ?? '0'));
  const amount = modelAmount(plan, isLess(beyond, NOTHING) ? NOTHING : beyond, events);
  const least = plan.minimum_amount === null ? amount : fraction(plan.minimum_amount);
  const raised = isLess(amount, least) ? least : amount;
  const most = plan.maximum_amount === null ? raised : fraction(plan.maximum_amount);
  return isLess(most, raised) ? most : raised;
}

/**
 * The largest remainder method, greedily: round all parts down, then give unit by unit to the part furthest below
 * its share. `total` and the parts are in units; the weights must not sum to zero.
 */
export function allocated(total: bigint, weights: readonly string[]): bigint[] {
  if (total < 0n) return allocated(-total, weights).map((part) => -part);
  const shares = exactShares(total, weights);
  const parts = shares.map(floor);
  let left = total - parts.reduce((a, b) => a + b, 0n);
  for (; left > 0n; left -= 1n) {
    let furthest = 0;
    shares.forEach((share, i) => {
      const gap = minus(share, whole(parts[i] ?? 0n));
      const widest = minus(shares[furthest] ?? NOTHING, whole(parts[furthest] ?? 0n));
      if (isLess(widest, gap)) furthest = i;
    });
    parts[furthest] = (parts[furthest] ?? 0n) + 1n;
  }
  return parts;
}

export function exactShares(total: bigint, weights: readonly string[]): Fraction[] {
  const all = weights.map(fraction).reduce(plus, NOTHING);
  return weights.map((weight) => times(whole(total), dividedBy(fraction(weight), all)));
}
