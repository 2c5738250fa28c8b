import { exponentOf } from './currency.ts';
import { type Decimal, formatFixed, roundHalfUp } from './decimal.ts';

/**
 * The only rounding rule (law 5): an amount in units of the currency, rounded half away from zero at its ISO
 * 4217 exponent. It is applied once, to a whole line. 1.005 USD → 1.01, -1.005 USD → -1.01, 100.5 JPY → 101,
 * 0.0005 KWD → 0.001.
 */
export const roundMoney = (amount: Decimal, currency: string): Decimal =>
  roundHalfUp(amount, exponentOf(currency));

/** An amount with exactly its currency's decimals: 12.5 USD → '12.50', 100 JPY → '100'. Throws if it is not rounded. */
export const formatMoney = (amount: Decimal, currency: string): string =>
  formatFixed(amount, exponentOf(currency));
