/** What is owed, against its definition in exact fractions: discounts, then taxes, in every regime and currency. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listCurrencies } from '../../src/core/currency.ts';
import type { LineItem } from '../../src/invoicing/invoice.ts';
import { type Settlement, settleInvoice } from '../../src/invoicing/settle-invoice.ts';
import type { TaxInput } from '../../src/tax/derive-taxes.ts';
import { discountOf } from '../discounts/discounts.ts';
import { cases, render } from '../pricing/cases.ts';
import {
  allocated,
  exactShares,
  type Fraction,
  floor,
  fraction,
  isEqual,
  isLess,
  minus,
  plus,
  rounded,
  times,
  whole,
} from '../pricing/oracle.ts';
import { buyerIn, DAY, DE_SELLER, GSTIN_27, IN_SELLER, rateOf } from '../tax/parties.ts';

/** As ISO 4217 says it, written apart from the product's table. */
const DIGITS: Readonly<Record<string, number>> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map((code) => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3]),
  ...'CLF UYW'.split(' ').map((code) => [code, 4]),
]);
const digitsOf = (currency: string): number => DIGITS[currency] ?? 2;

interface Situation {
  readonly name: string;
  readonly parties: Pick<TaxInput, 'regime' | 'seller' | 'buyer'>;
  /** What must come of it: the country whose rates hold and the parts of a rate, or nothing but a rate of zero. */
  readonly country: string;
  readonly parts: readonly (readonly [name: string, share: string])[];
  readonly isZero?: boolean;
  readonly reverseCharge?: boolean;
}

const IN = { regime: 'in', seller: IN_SELLER } as const;
const EU = { regime: 'eu', seller: DE_SELLER } as const;
const SITUATIONS: readonly Situation[] = [
  {
    name: 'none',
    parties: { ...EU, regime: 'none', buyer: buyerIn('DE') },
    country: '',
    parts: [],
  },
  {
    name: 'within a state of India',
    parties: { ...IN, buyer: buyerIn('IN', { place_of_supply: '29' }) },
    country: 'IN',
    parts: [
      ['CGST', '0.5'],
      ['SGST', '0.5'],
    ],
  },
  {
    name: 'between two states of India',
    parties: { ...IN, buyer: buyerIn('IN', { tax_id: GSTIN_27 }) },
    country: 'IN',
    parts: [['IGST', '1']],
  },
  {
    name: 'an export from India',
    parties: { ...IN, buyer: buyerIn('US') },
    country: 'IN',
    parts: [['IGST', '0']],
    isZero: true,
  },
  {
    name: 'at home in the EU',
    parties: { ...EU, buyer: buyerIn('DE', { tax_id: 'DE136695976' }) },
    country: 'DE',
    parts: [['VAT', '1']],
  },
  {
    name: 'reverse charge in the EU',
    parties: { ...EU, buyer: buyerIn('FR', { tax_id: 'FR40303265045' }) },
    country: 'FR',
    parts: [['VAT', '0']],
    isZero: true,
    reverseCharge: true,
  },
  {
    name: 'a consumer abroad in the EU',
    parties: { ...EU, buyer: buyerIn('FR') },
    country: 'FR',
    parts: [['VAT', '1']],
  },
  { name: 'outside of the EU', parties: { ...EU, buyer: buyerIn('US') }, country: '', parts: [] },
];

const CATEGORIES = ['a', 'b', 'c'] as const;

/** A usage line, and what earlier periods take off it: a negative line of the same plan, never more than it. */
interface Usage {
  readonly units: bigint;
  readonly carried: bigint;
  readonly metric: string;
  readonly category: (typeof CATEGORIES)[number];
}

interface Case {
  readonly usage: readonly Usage[];
  readonly discounts: readonly {
    readonly metric: string | null;
    readonly percent: string | null;
    readonly units: bigint;
    readonly isForeign: boolean;
  }[];
  /** Of the categories, in their order, in percent. */
  readonly rates: readonly string[];
  readonly situation: Situation;
}

const units = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 2_000n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 20n }) },
);
const usage: fc.Arbitrary<Usage> = fc
  .record({
    units,
    taken: fc.oneof(
      { weight: 2, arbitrary: fc.constant(0n) },
      { weight: 1, arbitrary: fc.constantFrom(10_000n, 5_000n) },
      { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 9_999n }) },
    ),
    metric: fc.constantFrom('m', 'n', 'o'),
    category: fc.constantFrom(...CATEGORIES),
  })
  .map(({ taken, ...each }) => ({ ...each, carried: (each.units * taken) / 10_000n }));
const percent = fc.oneof(
  fc.constantFrom('100', '50', '10', '0.0001', '33.3333'),
  fc.bigInt({ min: 1n, max: 1_000_000n }).map((value) => render(value, 4)),
);
const discount = fc.record({
  metric: fc.option(fc.constantFrom('m', 'n', 'o'), { nil: null, freq: 2 }),
  percent: fc.option(percent, { nil: null, freq: 2 }),
  units: fc.oneof(fc.bigInt({ min: 1n, max: 5_000n }), fc.bigInt({ min: 1n, max: 10n ** 20n })),
  isForeign: fc.boolean(),
});
const rate = fc.oneof(
  fc.constantFrom('0', '5', '18', '19', '20', '25.5', '0.25', '8.875', '28.000'),
  fc.bigInt({ min: 0n, max: 100_000n }).map((value) => render(value, 3)),
);
const caseOf: fc.Arbitrary<Case> = fc.record({
  usage: fc.array(usage, { maxLength: 6 }),
  discounts: fc.array(discount, { maxLength: 4 }),
  rates: fc.tuple(rate, rate, rate),
  situation: fc.constantFrom(...SITUATIONS),
});

interface OracleLine {
  readonly units: bigint;
  readonly metric: string;
  readonly category: (typeof CATEGORIES)[number];
}

/** As build-invoice.ts orders them: what is carried comes after all usage. */
const linesOf = ({ usage: all }: Case): OracleLine[] => [
  ...all,
  ...all.filter(({ carried }) => carried > 0n).map((each) => ({ ...each, units: -each.carried })),
];

const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const percentage = (base: bigint, text: Fraction): bigint =>
  floor(rounded(times(times(whole(base), text), fraction('0.01')), 0));

interface Expected {
  readonly discounts: readonly bigint[];
  readonly discountOfLine: readonly bigint[];
  /** What of the discounts is each line's in exact proportion. */
  readonly sharesOfDiscounts: readonly Fraction[];
  readonly taxes: readonly {
    readonly name: string;
    readonly rate: Fraction;
    readonly taxable: bigint;
    readonly amount: bigint;
    readonly indices: readonly number[];
  }[];
}

/** The definition, in minor units. */
function expectedOf(each: Case): Expected {
  const lines = linesOf(each);
  const left = lines.map((line) => line.units);
  const sharesOfDiscounts = lines.map(() => whole(0n));
  const discounts: bigint[] = [];
  for (const one of each.discounts) {
    const named = [...lines.keys()].filter((i) => one.metric === null || one.metric === lines[i]?.metric);
    const base = total(named.map((i) => left[i] ?? 0n));
    if (base <= 0n || (one.percent === null && one.isForeign)) continue;
    const asked = one.percent === null ? least(one.units, base) : percentage(base, fraction(one.percent));
    const taken = least(asked, total(left));
    if (taken <= 0n) continue;
    discounts.push(taken);
    const weights = named.map((i) => String(left[i]));
    const shares = exactShares(taken, weights);
    allocated(taken, weights).forEach((part, place) => {
      const i = named[place] ?? 0;
      left[i] = (left[i] ?? 0n) - part;
      sharesOfDiscounts[i] = plus(sharesOfDiscounts[i] ?? whole(0n), shares[place] ?? whole(0n));
    });
  }
  return {
    discounts,
    discountOfLine: lines.map((line, i) => line.units - (left[i] ?? 0n)),
    sharesOfDiscounts,
    taxes: taxesOf(each, lines, left),
  };
}

function taxesOf({ situation, rates }: Case, lines: readonly OracleLine[], left: readonly bigint[]) {
  const groups = new Map<bigint, number[]>();
  lines.forEach(({ category }, i) => {
    const thousandths = situation.isZero
      ? 0n
      : floor(times(fraction(rates[CATEGORIES.indexOf(category)] ?? ''), whole(1_000n)));
    groups.set(thousandths, [...(groups.get(thousandths) ?? []), i]);
  });
  return [...groups]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .flatMap(([thousandths, indices]) =>
      situation.parts.map(([name, share]) => {
        const rate = times({ over: thousandths, under: 1_000n }, fraction(share));
        const taxable = total(indices.map((i) => left[i] ?? 0n));
        return { name, rate, taxable, amount: percentage(taxable, rate), indices };
      }),
    );
}

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
            // Of another country than the one that must rule: a wrong one shows.
            rateOf(country, country === situation.country ? (rates[i] ?? '') : '77.7', { category }),
          ),
        ),
      },
    },
  );
}

/** In minor units; only a text with exactly the currency's decimals is read. */
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

/** The lines bear the whole, none of them further from its exact share than rounding takes it. */
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

  test.each(listCurrencies())('in %s, 12 cases', (currency) => {
    fc.assert(
      fc.property(caseOf, (each) => assertSettled(each, currency)),
      cases(12),
    );
  });
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
