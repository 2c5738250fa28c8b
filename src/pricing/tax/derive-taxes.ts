import { allocate } from '../../core/allocate.ts';
import { exponentOf } from '../../core/currency.ts';
import { compare, type Decimal, decimal, formatDecimal, multiply, sum, ZERO } from '../../core/decimal.ts';
import { roundMoney } from '../../core/money.ts';
import { percentOf } from '../../core/percent.ts';
import type { LegalNote } from './legal-note.ts';
import { findRate, type TaxRate } from './tax-rate.ts';
import {
  deriveTaxTreatment,
  type TaxComponent,
  type TaxParties,
  type TaxTreatment,
} from './tax-treatment.ts';

export interface TaxInput extends TaxParties {
  /** The currency of all amounts. */
  readonly currency: string;
  /** The tax point, `YYYY-MM-DD`. Selects the rates. */
  readonly day: string;
  readonly rates: readonly TaxRate[];
}

export interface TaxableLine {
  /** After discounts, rounded at the currency's exponent. Negative when the line is a credit. */
  readonly taxable: Decimal;
  readonly tax_category: string;
}

export interface Tax {
  /** CGST, SGST, UTGST, IGST or VAT. */
  readonly name: string;
  readonly country: string;
  /** Percent, canonical: '9', '25.5'. */
  readonly rate: string;
  readonly taxable_amount: Decimal;
  readonly amount: Decimal;
}

export type LineShare = Pick<Tax, 'name' | 'rate' | 'amount'>;

export interface DerivedTaxes {
  readonly taxes: readonly Tax[];
  /**
   * The parts of each line, by the line's index: one for every tax component on it. The parts sum exactly to the
   * components.
   */
  readonly byLine: readonly (readonly LineShare[])[];
  readonly reverse_charge: boolean;
  readonly legal_notes: readonly LegalNote[];
}

interface RateGroup {
  readonly country: string;
  readonly rate: Decimal;
  readonly components: readonly TaxComponent[];
  /** The indices of its lines. */
  readonly indices: readonly number[];
}

/**
 * The taxes of an invoice. Lines with the same rate form one group, whatever their category. Each component is its
 * share of the rate, applied to the sum of the group and rounded once (law 5). It is allocated to the lines by the
 * largest remainder (allocate.ts), so both the components and the lines sum to the tax total. Groups are sorted by
 * rate, highest first. Groups and amounts do not depend on the order of the lines; among lines with equal
 * remainders, the first gets the odd unit.
 *
 * Germany, 19 % on 0.33 + 0.33 + 0.33 EUR: VAT of 0.99 is 0.1881 → 0.19, of which the lines bear 0.07, 0.06 and
 * 0.06. Within Karnataka, 18 % on 99.99 INR: CGST 9 % is 8.9991 → 9.00, and SGST too; to Maharashtra IGST is
 * 17.9982 → 18.00.
 *
 * If the parties or a rate are unknown, the taxes that depend on them are omitted. findTaxFaults reports them, and
 * an invoice with faults is not issued.
 */
export function deriveTaxes(input: TaxInput, lines: readonly TaxableLine[]): DerivedTaxes {
  const treatment = deriveTaxTreatment(input);
  const byLine: LineShare[][] = lines.map(() => []);
  const taxes = groupsOf(treatment, input, lines).flatMap((group) => {
    const weights = group.indices.map((index) => lines[index]?.taxable ?? ZERO);
    const taxable_amount = sum(weights);
    return group.components.map(({ name, share }): Tax => {
      const percent = multiply(group.rate, share);
      const rate = formatDecimal(percent);
      const amount = roundMoney(percentOf(taxable_amount, percent), input.currency);
      const parts = allocate(amount, weights, exponentOf(input.currency));
      group.indices.forEach((index, place) => {
        byLine[index]?.push({ name, rate, amount: parts[place] ?? ZERO });
      });
      return { name, country: group.country, rate, taxable_amount, amount };
    });
  });
  return {
    taxes,
    byLine,
    reverse_charge: treatment.kind === 'zero_rated' && treatment.reverse_charge,
    legal_notes: treatment.kind === 'undetermined' ? [] : treatment.notes,
  };
}

function groupsOf(treatment: TaxTreatment, input: TaxInput, lines: readonly TaxableLine[]): RateGroup[] {
  if (lines.length === 0) return [];
  if (treatment.kind === 'zero_rated') {
    const components = [{ name: treatment.name, share: ZERO }];
    return [{ country: treatment.country, rate: ZERO, components, indices: lines.map((_, index) => index) }];
  }
  if (treatment.kind !== 'rated') return [];
  const { country, components } = treatment;
  const indicesByRate = new Map<string, number[]>();
  lines.forEach(({ tax_category }, index) => {
    const rate = findRate(input.rates, { country, category: tax_category, day: input.day });
    if (rate === null) return;
    const key = formatDecimal(decimal(rate));
    indicesByRate.set(key, [...(indicesByRate.get(key) ?? []), index]);
  });
  return [...indicesByRate]
    .map(([rate, indices]) => ({ country, rate: decimal(rate), components, indices }))
    .sort((a, b) => compare(b.rate, a.rate));
}
