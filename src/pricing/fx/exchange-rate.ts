import { isCurrency } from '../../core/currency.ts';
import { canonicalDecimal } from '../../core/decimal.ts';
import type { Fault } from '../../core/error.ts';

export const RATE_SOURCES = ['manual', 'api', 'razorpay'] as const;
export type RateSource = (typeof RATE_SOURCES)[number];

/** A pair with a direction: EUR to USD does not imply USD to EUR. */
export interface CurrencyPair {
  readonly base_currency: string;
  readonly target_currency: string;
}

/** 1 `base_currency` = `rate` `target_currency` in [effective_from, effective_to), RFC 3339; null means open-ended. */
export interface ExchangeRate extends CurrencyPair {
  readonly id: string;
  /** A canonical decimal above zero. */
  readonly rate: string;
  readonly effective_from: string;
  readonly effective_to: string | null;
  readonly source: RateSource;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Enough for any pair: from the rial to the dinar and back, with twelve decimals. */
export const RATE_INTEGER_DIGITS = 10;
export const RATE_DECIMALS = 12;

const RATE = new RegExp(`^\\d{1,${RATE_INTEGER_DIGITS}}(?:\\.\\d{1,${RATE_DECIMALS}})?$`);

/** The canonical text of a rate ('01.50' → '1.5'); null if it is not plain notation, too long, or not above zero. */
export function readRate(text: string): string | null {
  if (!RATE.test(text)) return null;
  const canonical = canonicalDecimal(text);
  return canonical === '0' ? null : canonical;
}

export const RATE_DETAIL = `Must be a positive decimal with at most ${RATE_INTEGER_DIGITS} integer digits and ${RATE_DECIMALS} decimals.`;

/** `unknown_currency` for an unknown code, `not_allowed` if both are the same. */
export function findPairFaults({ base_currency, target_currency }: CurrencyPair): Fault[] {
  const detail = 'Must be an upper-case code of an active ISO 4217 currency.';
  const faults = Object.entries({ base_currency, target_currency })
    .filter(([, code]) => !isCurrency(code))
    .map(([field]) => ({ pointer: `/${field}`, code: 'unknown_currency', detail }));
  if (base_currency === target_currency) {
    const same = 'Must differ from base_currency.';
    faults.push({ pointer: '/target_currency', code: 'not_allowed', detail: same });
  }
  return faults;
}
