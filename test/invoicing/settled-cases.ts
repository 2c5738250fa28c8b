/** Lines, discounts and parties of all kinds, and their totals by definition, in exact fractions. */
import fc from 'fast-check';
import type { TaxInput } from '../../src/pricing/tax/derive-taxes.ts';
import { render } from '../pricing/plans/cases.ts';
import {
  allocated,
  exactShares,
  type Fraction,
  floor,
  fraction,
  plus,
  rounded,
  times,
  whole,
} from '../pricing/plans/oracle.ts';
import { buyerIn, DE_SELLER, GSTIN_27, IN_SELLER } from '../pricing/tax/parties.ts';

/** From ISO 4217, independent of the product's table. */
const DIGITS: Readonly<Record<string, number>> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map((code) => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3]),
  ...'CLF UYW'.split(' ').map((code) => [code, 4]),
]);
export const digitsOf = (currency: string): number => DIGITS[currency] ?? 2;

export interface Situation {
  readonly name: string;
  readonly parties: Pick<TaxInput, 'regime' | 'seller' | 'buyer'>;
  /** The expected result: the country whose rates apply and the parts of a rate, or a zero rate only. */
  readonly country: string;
  readonly parts: readonly (readonly [name: string, share: string])[];
  readonly isZero?: boolean;
  readonly reverseCharge?: boolean;
}

const IN = { regime: 'in', seller: IN_SELLER } as const;
const EU = { regime: 'eu', seller: DE_SELLER } as const;
export const SITUATIONS: readonly Situation[] = [
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

export const CATEGORIES = ['a', 'b', 'c'] as const;

/** A usage line, and what earlier periods subtract from it: a negative line of the same plan, never larger than it. */
interface Usage {
  readonly units: bigint;
  readonly carried: bigint;
  readonly metric: string;
  readonly category: (typeof CATEGORIES)[number];
}

export interface Case {
  readonly usage: readonly Usage[];
  readonly discounts: readonly {
    readonly metric: string | null;
    readonly percent: string | null;
    readonly units: bigint;
    readonly isForeign: boolean;
  }[];
  /** In percent, by category, in the order of CATEGORIES. */
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
export const caseOf: fc.Arbitrary<Case> = fc.record({
  usage: fc.array(usage, { maxLength: 6 }),
  discounts: fc.array(discount, { maxLength: 4 }),
  rates: fc.tuple(rate, rate, rate),
  situation: fc.constantFrom(...SITUATIONS),
});

export interface OracleLine {
  readonly units: bigint;
  readonly metric: string;
  readonly category: (typeof CATEGORIES)[number];
}

/** In the order of build-invoice.ts: carried lines come after all usage. */
export const linesOf = ({ usage: all }: Case): OracleLine[] => [
  ...all,
  ...all.filter(({ carried }) => carried > 0n).map((each) => ({ ...each, units: -each.carried })),
];

export const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const percentage = (base: bigint, text: Fraction): bigint =>
  floor(rounded(times(times(whole(base), text), fraction('0.01')), 0));

export interface Expected {
  readonly discounts: readonly bigint[];
  readonly discountOfLine: readonly bigint[];
  /** Each line's exact share of the discounts. */
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
export function expectedOf(each: Case): Expected {
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
