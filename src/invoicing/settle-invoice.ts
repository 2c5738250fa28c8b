/** From lines to the total: discounts, then taxes. */
import { add, type Decimal, decimal, isNegative, subtract, sum, ZERO } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { formatMoney } from '../core/money.ts';
import { applyDiscounts } from '../pricing/discounts/apply-discounts.ts';
import type { Discount } from '../pricing/discounts/discount.ts';
import { deriveTaxes, type TaxInput } from '../pricing/tax/derive-taxes.ts';
import type { LegalNote } from '../pricing/tax/legal-note.ts';
import type { Invoice, LineItem } from './invoice.ts';

/** What determines the total besides the lines. */
export interface Terms {
  /** In force on at least one day of the period. */
  readonly discounts: readonly Discount[];
  readonly tax: TaxInput;
}

export interface Settlement
  extends Pick<
    Invoice,
    | 'subtotal'
    | 'discount_total'
    | 'tax_total'
    | 'total'
    | 'discounts'
    | 'taxes'
    | 'reverse_charge'
    | 'line_items'
  > {
  readonly legal_notes: readonly LegalNote[];
}

/**
 * total = Σ lines − Σ discounts + Σ taxes, each already rounded (law 5). Discounts apply before tax. Each discount
 * and each tax component is rounded once, on the sum it applies to, and allocated to the lines. Pure.
 *
 * Lines 10.00 and 5.00, 10 % off, VAT 19 %: discount 1.50 (1.00 + 0.50), tax 2.57 on 13.50 (1.71 + 0.86), total
 * 16.07.
 */
export function settleInvoice(lines: readonly LineItem[], currency: string, terms: Terms): Settlement {
  const amounts = lines.map((line) => decimal(line.total));
  const named = lines.map((line, index) => ({
    amount: amounts[index] ?? ZERO,
    metric_name: line.metric_name,
  }));
  const discounted = applyDiscounts(named, terms.discounts, currency);
  const taxed = deriveTaxes(
    terms.tax,
    lines.map((line, index) => ({
      taxable: subtract(amounts[index] ?? ZERO, discounted.byLine[index] ?? ZERO),
      tax_category: line.tax_category,
    })),
  );
  const subtotal = sum(amounts);
  const discount = sum(discounted.discounts.map(({ amount }) => amount));
  const tax = sum(taxed.taxes.map(({ amount }) => amount));
  const total = add(subtract(subtotal, discount), tax);
  assert(!isNegative(total), 'an invoice is never negative');
  const money = (amount: Decimal): string => formatMoney(amount, currency);
  return {
    subtotal: money(subtotal),
    discount_total: money(discount),
    tax_total: money(tax),
    total: money(total),
    discounts: discounted.discounts.map((each) => ({ ...each, amount: money(each.amount) })),
    taxes: taxed.taxes.map((each) => ({
      ...each,
      taxable_amount: money(each.taxable_amount),
      amount: money(each.amount),
    })),
    reverse_charge: taxed.reverse_charge,
    legal_notes: taxed.legal_notes,
    line_items: lines.map((line, index) => {
      const taxes = taxed.byLine[index] ?? [];
      return {
        ...line,
        discount_amount: money(discounted.byLine[index] ?? ZERO),
        tax_amount: money(sum(taxes.map(({ amount }) => amount))),
        taxes: taxes.map((each) => ({ ...each, amount: money(each.amount) })),
      };
    }),
  };
}
