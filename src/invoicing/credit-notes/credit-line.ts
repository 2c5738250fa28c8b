/** Crediting an amount of an invoice line, with its discount and taxes in proportion. Pure. */
import { exponentOf } from '../../core/currency.ts';
import {
  absolute,
  add,
  compare,
  type Decimal,
  decimal,
  isNegative,
  isZero,
  multiply,
  negate,
  quotientHalfAwayFromZero,
  subtract,
  sum,
  unitsAt,
  ZERO,
} from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { formatMoney } from '../../core/money.ts';
import type { InvoiceTax, LineItem, LineTax } from '../invoice.ts';
import type { CreditNoteLine, CreditNoteRow } from './credit-note.ts';

/** The fields of a line that determine its credit. */
export type CreditableLine = Pick<LineItem, 'total' | 'discount_amount' | 'taxes' | 'currency'>;

export interface CreditPart {
  /** Part of the line's total, before discount and tax. */
  readonly amount: Decimal;
  readonly discount: Decimal;
  readonly taxes: readonly { readonly name: string; readonly rate: string; readonly amount: Decimal }[];
  /** amount − discount + Σ taxes. */
  readonly total: Decimal;
}

/**
 * The part of a line's discount D and of each of its taxes X that is returned with an amount g of its total T, if G
 * was credited before: round(X·(G + g) / T) − round(X·G / T), half up away from zero at the currency's exponent.
 * The cumulative amount is rounded, not the part, so any split of a line returns exactly the whole.
 *
 * 10.00 EUR less 1.00 discount, VAT 1.71, credited by thirds: 3.33 takes 0.33 and 0.57, the next 3.33 takes 0.34
 * (0.67 − 0.33) and 0.57, the last 3.34 takes 0.33 and 0.57: 3.57 + 3.56 + 3.58 = 10.71.
 */
export function creditLine(line: CreditableLine, credited: Decimal, amount: Decimal): CreditPart {
  const digits = exponentOf(line.currency);
  const total = decimal(line.total);
  const after = add(credited, amount);
  const partOf = (whole: string): Decimal => {
    const share = (part: Decimal): Decimal => shareOf(decimal(whole), part, total, digits);
    return subtract(share(after), share(credited));
  };
  const discount = partOf(line.discount_amount);
  const taxes = line.taxes.map(({ name, rate, amount }) => ({ name, rate, amount: partOf(amount) }));
  const taxed = sum(taxes.map((tax) => tax.amount));
  return { amount, discount, taxes, total: add(subtract(amount, discount), taxed) };
}

/** whole × part / total, rounded half up away from zero. */
function shareOf(whole: Decimal, part: Decimal, total: Decimal, digits: number): Decimal {
  if (isZero(total)) return ZERO;
  const dividend = multiply(whole, part);
  return quotientHalfAwayFromZero(isNegative(total) ? negate(dividend) : dividend, absolute(total), digits);
}

/**
 * The largest amount up to `wanted` whose total, discount and taxes included, is at most `room`. Needs a line and a
 * wanted amount above zero. If an invoice has negative lines, its other lines together may be worth more than the
 * invoice.
 *
 * A line of 20.00 with 3.80 tax on an invoice of 14.28: of 20.00 wanted, 12.00 fit, which are 14.28 with tax.
 */
export function fitCredit(
  line: CreditableLine,
  credited: Decimal,
  wanted: Decimal,
  room: Decimal,
): CreditPart {
  const whole = creditLine(line, credited, wanted);
  if (compare(whole.total, room) <= 0) return whole;
  const scale = exponentOf(line.currency);
  // The total grows with the amount, because no discount is greater than its line.
  let [fits, exceeds] = [0n, unitsAt(wanted, scale)];
  while (exceeds - fits > 1n) {
    const middle = (fits + exceeds) / 2n;
    const part = creditLine(line, credited, { units: middle, scale });
    if (compare(part.total, room) <= 0) fits = middle;
    else exceeds = middle;
  }
  return creditLine(line, credited, { units: fits, scale });
}

type Amounts = Pick<CreditNoteLine, 'total' | 'discount_amount' | 'tax_amount' | 'taxes'>;

/** A part in the format of a credit note. */
export function amountsOf({ amount, discount, taxes }: CreditPart, currency: string): Amounts {
  const money = (value: Decimal): string => formatMoney(value, currency);
  return {
    total: money(amount),
    discount_amount: money(discount),
    tax_amount: money(sum(taxes.map((tax) => tax.amount))),
    taxes: taxes.map((tax) => ({ ...tax, amount: money(tax.amount) })),
  };
}

export type CreditTotals = Pick<
  CreditNoteRow,
  'subtotal' | 'discount_total' | 'tax_total' | 'total' | 'taxes'
>;

/** The sums of a note's lines. Taxes are listed by the invoice's components, without those the note does not touch. */
export function sumCreditLines(
  lines: readonly Amounts[],
  invoiceTaxes: readonly InvoiceTax[],
  currency: string,
): CreditTotals {
  const sumOf = (field: 'total' | 'discount_amount' | 'tax_amount', of = lines): Decimal =>
    sum(of.map((line) => decimal(line[field])));
  const [subtotal, discount, tax] = [sumOf('total'), sumOf('discount_amount'), sumOf('tax_amount')];
  const money = (amount: Decimal): string => formatMoney(amount, currency);
  const taxes = invoiceTaxes.flatMap((component) => {
    const isOf = (part: LineTax): boolean => part.name === component.name && part.rate === component.rate;
    const taxed = lines.filter((line) => line.taxes.some(isOf));
    if (taxed.length === 0) return [];
    const parts = taxed.flatMap((line) => line.taxes.filter(isOf));
    return [
      {
        ...component,
        taxable_amount: money(subtract(sumOf('total', taxed), sumOf('discount_amount', taxed))),
        amount: money(sum(parts.map((part) => decimal(part.amount)))),
      },
    ];
  });
  const named = sum(taxes.map((each) => decimal(each.amount)));
  assert(compare(named, tax) === 0, 'each tax of a line is a component of its invoice');
  return {
    subtotal: money(subtotal),
    discount_total: money(discount),
    tax_total: money(tax),
    total: money(add(subtract(subtotal, discount), tax)),
    taxes,
  };
}
