/** The total against its definition in exact fractions: discounts, then taxes, in every regime and currency. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listCurrencies } from '../../src/core/currency.ts';
import type { LineItem } from '../../src/invoicing/invoice.ts';
import { type Settlement, settleInvoice } from '../../src/invoicing/settle-invoice.ts';
import { discountOf } from '../pricing/discounts/discounts.ts';
import { cases, render } from '../pricing/plans/cases.ts';
import {
  exactShares,
  type Fraction,
  fraction,
  isEqual,
  isLess,
  minus,
  whole,
} from '../pricing/plans/oracle.ts';
import { DAY, rateOf } from '../pricing/tax/parties.ts';
import {
  CATEGORIES,
  type Case,
  caseOf,
  digitsOf,
  type Expected,
  expectedOf,
  linesOf,
  type OracleLine,
  SITUATIONS,
  total,
} from './settled-cases.ts';

const lineOf = ({ units, metric, category }: OracleLine, index: number, currency: string): LineItem => ({
  line_number: index + 1,
  kind: units < 0n ? 'carried' : 'usage',
  description: metric,
  metric_name: metric,
  unit: '',
  quantity: '1',
  unit_price: null,
  total: render(units, digitsOf(currency)),
  currency,
  original_currency: null,
  original_amount: null,
  exchange_rate: null,
  display_name: null,
  hsn_sac: null,
  tax_category: category,
  discount_amount: '',
  tax_amount: '',
  taxes: [],
  pricing_plan_id: metric,
  year: 2026,
  month: 9,
  first_day: '2026-09-01',
  last_day: '2026-09-30',
  carried_quantity: '0',
  tiers: null,
  by_project: [],
  event_count: 1,
  events_hash: null,
});

function settle(each: Case, currency: string): Settlement {
  const other = currency === 'EUR' ? 'USD' : 'EUR';
  const { situation, rates } = each;
  return settleInvoice(
    linesOf(each).map((line, index) => lineOf(line, index, currency)),
    currency,
    {
      discounts: each.discounts.map(({ metric: metric_name, percent: percentage, units, isForeign }, n) => {
        const named = isForeign ? other : currency;
        return percentage === null
          ? discountOf(n, { metric_name, amount: render(units, digitsOf(named)), currency: named })
          : discountOf(n, { metric_name, percentage });
      }),
      tax: {
        ...situation.parties,
        currency,
        day: DAY,
        rates: ['IN', 'DE', 'FR', 'US'].flatMap((country) =>
          CATEGORIES.map((category, i) =>
            // A rate of a country that must not apply, so that a mix-up shows.
            rateOf(country, country === situation.country ? (rates[i] ?? '') : '77.7', { category }),
          ),
        ),
      },
    },
  );
}

/** In minor units; accepts only a text with exactly the currency's decimals. */
function unitsIn(text: string, currency: string): bigint {
  const digits = digitsOf(currency);
  expect(text).toMatch(digits === 0 ? /^(0|-?[1-9]\d*)$/ : new RegExp(`^-?(0|[1-9]\\d*)\\.\\d{${digits}}$`));
  expect(text).not.toMatch(/^-[0.]*$/);
  return BigInt(text.replace('.', ''));
}

const isWithin = (part: bigint, share: Fraction, gap: bigint): boolean => {
  const distance = minus(whole(part), share);
  return isLess(whole(-gap), distance) && isLess(distance, whole(gap));
};

function assertSettled(each: Case, currency: string): void {
  const lines = linesOf(each);
  const expected = expectedOf(each);
  const settled = settle(each, currency);
  const amount = (text: string): bigint => unitsIn(text, currency);

  expect(settled.discounts.map((one) => amount(one.amount))).toEqual(expected.discounts);
  expect(settled.taxes.map((tax) => tax.name)).toEqual(expected.taxes.map((tax) => tax.name));
  settled.taxes.forEach((tax, i) => {
    const wanted = expected.taxes[i];
    expect(wanted && isEqual(fraction(tax.rate), wanted.rate)).toBe(true);
    expect([tax.country, amount(tax.taxable_amount), amount(tax.amount)]).toEqual([
      each.situation.country,
      wanted?.taxable,
      wanted?.amount,
    ]);
  });
  expect(settled.reverse_charge).toBe(each.situation.reverseCharge ?? false);

  const subtotal = total(lines.map((line) => line.units));
  const taken = total(expected.discounts);
  const tax = total(expected.taxes.map((one) => one.amount));
  expect([settled.subtotal, settled.discount_total, settled.tax_total, settled.total].map(amount)).toEqual([
    subtotal,
    taken,
    tax,
    subtotal - taken + tax,
  ]);
  expect(amount(settled.total) >= 0n).toBe(true);
  assertAllocated(settled, expected, currency);
}

/** The lines sum to the whole, and none is further from its exact share than rounding allows. */
function assertAllocated(settled: Settlement, expected: Expected, currency: string): void {
  const amount = (text: string): bigint => unitsIn(text, currency);
  const { line_items } = settled;
  const discounts = line_items.map((line) => amount(line.discount_amount));
  expect(discounts).toEqual(expected.discountOfLine);
  expect(total(discounts)).toBe(amount(settled.discount_total));
  const steps = BigInt(expected.discounts.length);
  discounts.forEach((part, i) => {
    const share = expected.sharesOfDiscounts[i] ?? whole(0n);
    expect(steps === 0n ? part === 0n : isWithin(part, share, steps)).toBe(true);
  });

  const taxes = line_items.map((line) => amount(line.tax_amount));
  expect(total(taxes)).toBe(amount(settled.tax_total));
  line_items.forEach((line, i) => {
    expect(total(line.taxes.map((tax) => amount(tax.amount)))).toBe(taxes[i]);
    expect(line.taxes.map((tax) => tax.name)).toEqual(
      expected.taxes.filter((tax) => tax.indices.includes(i)).map((tax) => tax.name),
    );
  });
  for (const { name, rate, taxable, amount: whole_, indices } of expected.taxes) {
    const parts = indices.map((i) => {
      const own = line_items[i]?.taxes.find((tax) => tax.name === name);
      expect(own && isEqual(fraction(own.rate), rate)).toBe(true);
      return amount(own?.amount ?? '');
    });
    expect(total(parts)).toBe(whole_);
    if (taxable === 0n) continue;
    const bases = indices.map((i) => {
      const line = line_items[i];
      return line ? String(amount(line.total) - amount(line.discount_amount)) : '0';
    });
    exactShares(whole_, bases).forEach((share, place) => {
      expect(isWithin(parts[place] ?? 0n, share, 1n)).toBe(true);
    });
  }
}

describe('what is owed equals its definition', () => {
  test.each(SITUATIONS)('$name, 500 cases', (situation) => {
    fc.assert(
      fc.property(caseOf, fc.constantFrom('INR', 'JPY', 'KWD', 'CLF'), (each, currency) => {
        assertSettled({ ...each, situation }, currency);
      }),
      cases(500),
    );
  });

  test.each(listCurrencies().map((currency, index) => ({ currency, index })))(
    'in $currency, 16 cases of its own',
    ({ currency, index }) => {
      const { seed = 0, ...run } = cases(16);
      fc.assert(
        fc.property(caseOf, (each) => assertSettled(each, currency)),
        { ...run, seed: seed + index },
      );
    },
  );
});

test('without a discount no order of the lines changes a total or a component, 1,000 cases', () => {
  const totalsOf = ({ line_items: _, ...totals }: Settlement) => totals;
  fc.assert(
    fc.property(caseOf, (each) => {
      const forth = { ...each, discounts: [] };
      const back = { ...forth, usage: each.usage.toReversed() };
      expect(totalsOf(settle(back, 'USD'))).toEqual(totalsOf(settle(forth, 'USD')));
    }),
    cases(1_000),
  );
});
