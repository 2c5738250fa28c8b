/**
 * Exact decimals (law 4: no quantity and no amount ever passes through a binary float). A decimal is units /
 * 10^scale. The scale has no meaning of its own: 1.5 and 1.50 are equal, and adding or multiplying never
 * loses a digit.
 */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const MINUS = 45;
const POINT = 46;
const ZERO_DIGIT = 48;
const NINE_DIGIT = 57;

const POWERS = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent));

const powerOfTen = (exponent: number): bigint => POWERS[exponent] ?? 10n ** BigInt(exponent);

/**
 * The index of the decimal point in a text in plain notation: its length if it has no point, -1 if it is not
 * plain.
 * It runs for every ingested event: on short texts a regular expression with groups took twice as long.
 */
function pointOf(text: string): number {
  const length = text.length;
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  let point = length;
  for (let index = start; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code >= ZERO_DIGIT && code <= NINE_DIGIT) continue;
    if (code !== POINT || point !== length || index === start || index === length - 1) return -1;
    point = index;
  }
  return start < length ? point : -1;
}

/** A decimal in plain notation: optional '-', digits, optional '.digits'. Null for '+1', '1e3', '.5', '5.', ' 1', ''. */
export function parseDecimal(text: string): Decimal | null {
  const point = pointOf(text);
  if (point < 0) return null;
  if (point === text.length) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

/** Like parseDecimal, for literals and database values, where any other text is a bug: throws. */
export function decimal(text: string): Decimal {
  const parsed = parseDecimal(text);
  if (parsed === null) throw new Error(`not a decimal: ${JSON.stringify(text.slice(0, 80))}`);
  return parsed;
}

/** An integer's digits with a point before the last `scale` of them. */
function placePoint(units: bigint, scale: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The canonical text: no trailing zeros in the fraction, no leading zeros, never '-0'. 1.50 → '1.5'. */
export function formatDecimal(value: Decimal): string {
  const text = placePoint(value.units, value.scale);
  return canonicalFrom(text, value.scale === 0 ? text.length : text.length - value.scale - 1);
}

/** Exactly `digits` decimals: 12.5 at 2 → '12.50'. Throws if that would lose a digit: round first. */
export const formatFixed = (value: Decimal, digits: number): string =>
  placePoint(unitsAt(value, digits), digits);

function canonicalFrom(text: string, point: number): string {
  const negative = text.charCodeAt(0) === MINUS;
  const first = negative ? 1 : 0;
  let start = first;
  while (start < point - 1 && text.charCodeAt(start) === ZERO_DIGIT) start += 1;
  let end = text.length;
  if (point < end) {
    while (text.charCodeAt(end - 1) === ZERO_DIGIT) end -= 1;
    if (end === point + 1) end = point;
  }
  const isZeroText = end - start === 1 && text.charCodeAt(start) === ZERO_DIGIT;
  if (isZeroText) return '0';
  if (start === first) return end === text.length ? text : text.slice(0, end);
  return negative ? `-${text.slice(start, end)}` : text.slice(start, end);
}

/** The canonical text of a text in plain notation ('007.50' → '7.5'), null if it is not plain. No limit on digits. */
export function canonicalDecimal(text: string): string | null {
  const point = pointOf(text);
  return point < 0 ? null : canonicalFrom(text, point);
}

export const ZERO: Decimal = { units: 0n, scale: 0 };
export const ONE: Decimal = { units: 1n, scale: 0 };

export const fromInteger = (units: bigint): Decimal => ({ units, scale: 0 });

/** The units of 10^-scale of a value: 12.5 at 2 → 1250n, its minor units. Throws if that would lose a digit. */
export function unitsAt(value: Decimal, scale: number): bigint {
  if (value.scale === scale) return value.units;
  if (value.scale < scale) return value.units * powerOfTen(scale - value.scale);
  const divisor = powerOfTen(value.scale - scale);
  if (value.units % divisor !== 0n) {
    throw new Error(`${formatDecimal(value)} has more than ${scale} decimals`);
  }
  return value.units / divisor;
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) - unitsAt(b, scale), scale };
}

export const multiply = (a: Decimal, b: Decimal): Decimal => ({
  units: a.units * b.units,
  scale: a.scale + b.scale,
});

export const negate = (value: Decimal): Decimal => ({ units: -value.units, scale: value.scale });

export const absolute = (value: Decimal): Decimal => (value.units < 0n ? negate(value) : value);

/** -1, 0 or 1, by value: 1.5 and 1.50 are equal. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [unitsAt(a, scale), unitsAt(b, scale)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export const isZero = (value: Decimal): boolean => value.units === 0n;
export const isNegative = (value: Decimal): boolean => value.units < 0n;

export const minimum = (a: Decimal, b: Decimal): Decimal => (compare(a, b) <= 0 ? a : b);
export const maximum = (a: Decimal, b: Decimal): Decimal => (compare(a, b) >= 0 ? a : b);

export const sum = (values: readonly Decimal[]): Decimal => values.reduce(add, ZERO);

/** To `digits` decimals, half away from zero: 1.005 at 2 → 1.01, -1.005 → -1.01, 1.00499 → 1.00. */
export function roundHalfUp(value: Decimal, digits: number): Decimal {
  if (value.scale <= digits) return value;
  const divisor = powerOfTen(value.scale - digits);
  const half = divisor / 2n;
  const units = value.units < 0n ? (value.units - half) / divisor : (value.units + half) / divisor;
  return { units, scale: digits };
}

/** a / b to `digits` decimals, half away from zero, for b > 0: 2 / 3 at 2 → 0.67. Exact: no intermediate rounding. */
export function quotientHalfAwayFromZero(a: Decimal, b: Decimal, digits: number): Decimal {
  if (b.units <= 0n) throw new Error(`the divisor must be positive: ${formatDecimal(b)}`);
  const scale = Math.max(a.scale, b.scale);
  const dividend = 2n * unitsAt(a, scale) * powerOfTen(digits);
  const divisor = unitsAt(b, scale);
  const units = dividend < 0n ? (dividend - divisor) / (2n * divisor) : (dividend + divisor) / (2n * divisor);
  return { units, scale: digits };
}

/** The smallest integer ≥ a / b, for b > 0: the number of whole packages of size b that hold a. */
export function ceilingQuotient(a: Decimal, b: Decimal): bigint {
  if (b.units <= 0n) throw new Error(`the divisor must be positive: ${formatDecimal(b)}`);
  const scale = Math.max(a.scale, b.scale);
  const [dividend, divisor] = [unitsAt(a, scale), unitsAt(b, scale)];
  const quotient = dividend / divisor;
  return dividend % divisor > 0n ? quotient + 1n : quotient;
}

/**
 * A quantity is NUMERIC(38, 12). A bigint counts its units of 10^-12; `{ units, scale: QUANTITY_SCALE }` is
 * its Decimal.
 */
export const QUANTITY_SCALE = 12;
export const QUANTITY_INTEGER_DIGITS = 26;
const QUANTITY_ONE = powerOfTen(QUANTITY_SCALE);

/** Digits are counted as written, so that '1.0000000000000' is refused too; leading zeros do not count. */
function exceedsQuantity(text: string, point: number): boolean {
  if (text.length - point - 1 > QUANTITY_SCALE) return true;
  if (point <= QUANTITY_INTEGER_DIGITS) return false;
  let start = text.charCodeAt(0) === MINUS ? 1 : 0;
  while (start < point && text.charCodeAt(start) === ZERO_DIGIT) start += 1;
  return point - start > QUANTITY_INTEGER_DIGITS;
}

/**
 * The units of 10^-12 of a quantity in plain notation ('1.5' → 1_500_000_000_000n); null if the text is not
 * plain or has more than 26 integer digits or 12 decimals.
 */
export function parseQuantity(text: string): bigint | null {
  const point = pointOf(text);
  if (point < 0 || exceedsQuantity(text, point)) return null;
  if (point === text.length) return BigInt(text) * QUANTITY_ONE;
  const decimals = text.length - point - 1;
  return BigInt(text.slice(0, point) + text.slice(point + 1)) * powerOfTen(QUANTITY_SCALE - decimals);
}

/** The canonical text of units of 10^-12: 1_500_000_000_000n → '1.5'. */
export function formatQuantity(units: bigint): string {
  // Whole quantities are by far the most frequent, and this path is four times faster.
  if (units % QUANTITY_ONE === 0n) return (units / QUANTITY_ONE).toString();
  const text = placePoint(units, QUANTITY_SCALE);
  return canonicalFrom(text, text.length - QUANTITY_SCALE - 1);
}

/** The canonical text of a quantity, computed without a BigInt; null exactly when parseQuantity is null. */
export function canonicalQuantity(text: string): string | null {
  const point = pointOf(text);
  return point < 0 || exceedsQuantity(text, point) ? null : canonicalFrom(text, point);
}
