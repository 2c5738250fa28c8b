/**
 * Conversion at a rate: 1 unit of the original currency = `rate` units of the target. There are no inverse rates (1
 * / rate loses digits) and no cross rates. A pair without a rate in its own direction cannot be converted.
 */
import { type Decimal, multiply, roundHalfUp } from '../../core/decimal.ts';
import { roundMoney } from '../../core/money.ts';

/**
 * Converts an exact, unrounded amount in units of the original currency to units of `targetCurrency`. Multiplies
 * exactly and rounds once (law 5), half up away from zero, at the target's ISO 4217 exponent.
 *
 * 1,234.567 EUR at 1.0857 → 1,340.3693919 → 1340.37 USD; at 160.25 → 197,839.36175 → 197839 JPY; 0.005 EUR at 1 →
 * 0.01 USD, -0.005 → -0.01. Throws for a code that isCurrency refuses.
 */
export const convertMoney = (amount: Decimal, rate: Decimal, targetCurrency: string): Decimal =>
  roundMoney(multiply(amount, rate), targetCurrency);

export const PRICE_DECIMALS = 12;

/**
 * Converts a price, which may be a fraction of a minor unit. Rounds to 12 decimals, half up away from zero.
 *
 * 0.000002 EUR a token at 1.0857 → 0.0000021714 USD; 0.000000000333 at 1.5 → 0.0000000004995 → 0.0000000005.
 */
export const convertPrice = (price: Decimal, rate: Decimal): Decimal =>
  roundHalfUp(multiply(price, rate), PRICE_DECIMALS);
