import { exponentOf, isCurrency } from '../../core/currency.ts';
import { compare, parseDecimal, parseQuantity, ZERO } from '../../core/decimal.ts';
import { findEffectiveDaysFaults } from '../../core/effective-days.ts';
import type { Fault } from '../../core/error.ts';
import { findPercentFaults } from '../../core/percent.ts';

/**
 * A reduction before tax, a percentage or an amount but never both. It applies to each invoice whose period
 * contains a day on which it is in force.
 */
export interface Discount {
  readonly id: string;
  readonly description: string;
  readonly percentage: string | null;
  readonly amount: string | null;
  /** The amount's currency. */
  readonly currency: string | null;
  /** The one metric it applies to; null for all lines. */
  readonly metric_name: string | null;
}

export interface DiscountInput {
  readonly percentage?: string | null | undefined;
  readonly amount?: string | null | undefined;
  readonly currency?: string | null | undefined;
  /** Default: the first day of the month. */
  readonly effective_from?: string | undefined;
  readonly effective_to?: string | null | undefined;
}

/** What validation and defaults need to know about the organisation. */
export interface DiscountTerms {
  /** The currency of its invoices. */
  readonly currency: string;
  /** The first day of its current month. */
  readonly firstDay: string;
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/**
 * Validates a new discount and returns the faults in the order of the rules. Codes: `required`, `not_allowed` (both
 * kinds at once, or a currency without an amount), `invalid_decimal` (also for more decimals than the currency
 * has), `out_of_range`, `unknown_currency`, `currency_mismatch` (the amount is not in the invoice currency, so it
 * would never apply), `invalid_date`, `invalid_order`.
 */
export function findDiscountFaults(input: DiscountInput, terms: DiscountTerms): Fault[] {
  const { effective_from = terms.firstDay, effective_to } = input;
  return [
    ...findKindFaults(input),
    ...findAmountFaults(input, terms.currency),
    ...findEffectiveDaysFaults({ effective_from, effective_to }),
  ];
}

function findKindFaults({ percentage, amount, currency }: DiscountInput): Fault[] {
  if (isGiven(percentage) && isGiven(amount)) {
    const detail = 'Give either a percentage or an amount, not both.';
    return [{ pointer: '/amount', code: 'not_allowed', detail }];
  }
  if (!isGiven(percentage) && !isGiven(amount)) {
    const detail = 'A discount needs a percentage, or an amount with its currency.';
    return [{ pointer: '/percentage', code: 'required', detail }];
  }
  if (isGiven(amount) && !isGiven(currency)) {
    return [{ pointer: '/currency', code: 'required', detail: 'An amount needs its currency.' }];
  }
  if (isGiven(percentage) && isGiven(currency)) {
    return [{ pointer: '/currency', code: 'not_allowed', detail: 'A percentage has no currency.' }];
  }
  return [];
}

function findAmountFaults({ percentage, amount, currency }: DiscountInput, invoiced: string): Fault[] {
  if (isGiven(percentage)) return findPercentFaults('/percentage', percentage, 'above_zero');
  if (!isGiven(amount) || !isGiven(currency)) return [];
  if (!isCurrency(currency)) {
    const detail = 'Must be an upper-case code of an active ISO 4217 currency.';
    return [{ pointer: '/currency', code: 'unknown_currency', detail }];
  }
  if (currency !== invoiced) {
    const detail = `The organisation is invoiced in ${invoiced}. A discount in ${currency} would never apply.`;
    return [{ pointer: '/currency', code: 'currency_mismatch', detail }];
  }
  const value = parseQuantity(amount) === null ? null : parseDecimal(amount);
  const digits = exponentOf(currency);
  if (value === null || value.scale > digits) {
    const detail = `Must be a decimal in plain notation with at most ${digits} decimals, the decimals of ${currency}.`;
    return [{ pointer: '/amount', code: 'invalid_decimal', detail }];
  }
  if (compare(value, ZERO) > 0) return [];
  return [{ pointer: '/amount', code: 'out_of_range', detail: 'Must be greater than zero.' }];
}
