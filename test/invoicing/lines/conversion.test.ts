/** Plans in one currency on an invoice in another: pure. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BuiltInvoice, buildInvoice } from '../../../src/invoicing/lines/build-invoice.ts';
import type { RateInForce } from '../../../src/pricing/fx/store.ts';
import { cases } from '../../pricing/plans/cases.ts';
import { adjustment, billing, brief, invoicedPeriod, plan, usage } from '../billing.ts';

const rate = (base_currency: string, text: string): [string, RateInForce] => [
  base_currency,
  {
    id: `rate-${base_currency}`,
    base_currency,
    target_currency: 'EUR',
    rate: text,
    effective_from: '2026-10-01T00:00:00.000Z',
    source: 'manual',
    provider: 'manual',
  },
];
const inEuros = { currency: 'EUR', rates: new Map([rate('USD', '0.9'), rate('GBP', '1.17')]) };
const atTwo = plan({ price_per_unit: '2' });

const originals = ({ lines }: BuiltInvoice): string[] =>
  lines.map(
    (line) => `${line.original_currency} ${line.original_amount} x ${line.exchange_rate} = ${line.total}`,
  );

describe('a plan in another currency', () => {
  test('is converted line by line, each rounded once, after the conversion', () => {
    const plans = [
      plan({ price_per_unit: '0.335' }),
      plan({ metric_name: 'b', currency: 'GBP', price_per_unit: '1' }),
    ];
    const rows = [usage('2026-09-01', '1'), usage('2026-09-01', '3', { metric_name: 'b' })];
    const built = buildInvoice(billing({ ...inEuros, plans, usage: rows }));
    // 0.335 USD would round to 0.34, and 0.34 x 0.9 to 0.31.
    expect(originals(built)).toEqual(['USD 0.335 x 0.9 = 0.30', 'GBP 3 x 1.17 = 3.51']);
    expect(built.total).toBe('3.81');
    expect(built.lines.map((line) => line.currency)).toEqual(['EUR', 'EUR']);
    expect(built.rates.map((each) => each.base_currency)).toEqual(['USD', 'GBP']);
  });

  test('shares the converted total among the projects, and keeps the price in its own currency', () => {
    const days = ['p1', 'p2', 'p3'].map((project_id) => usage('2026-09-01', '1', { project_id }));
    const [line] = buildInvoice(
      billing({ ...inEuros, plans: [plan({ price_per_unit: '0.37' })], usage: days }),
    ).lines;
    expect(line).toMatchObject({ unit_price: '0.37', original_amount: '1.11', total: '1.00' });
    expect(line?.by_project.map(({ amount }) => amount)).toEqual(['0.34', '0.33', '0.33']);
  });

  test('counts nothing without a rate, and says so; the inverse of one is none', () => {
    const rates = new Map([rate('EUR', '1.1')]);
    const built = buildInvoice(
      billing({ currency: 'EUR', rates, plans: [atTwo], usage: [usage('2026-09-01', '5')] }),
    );
    expect(originals(built)).toEqual(['USD 10 x null = 0.00']);
    expect(built.rates).toEqual([]);
  });

  test('is not converted where one in the currency of the invoice rules', () => {
    const plans = [atTwo, plan({ currency: 'EUR', price_per_unit: '3' })];
    const built = buildInvoice(billing({ ...inEuros, plans, usage: [usage('2026-09-01', '5')] }));
    expect(originals(built)).toEqual(['null null x null = 15.00']);
  });

  test('a carried quantity is taken off at the same rate: both lines are what the rest costs', () => {
    const plans = [plan({ price_per_unit: '0.333' })];
    const built = buildInvoice(
      billing({
        ...inEuros,
        plans,
        usage: [usage('2026-09-01', '10')],
        adjustments: [adjustment('carried', '2026-08-31', '-3')],
      }),
    );
    expect(originals(built)).toEqual(['USD 3.33 x 0.9 = 3.00', 'USD -0.999 x 0.9 = -0.90']);
    expect(built.total).toBe('2.10');
  });

  test('late usage is converted at the rate of the later invoice, on what it adds in its own currency', () => {
    const plans = [atTwo];
    const august = buildInvoice(billing({ ...inEuros, month: 8, plans, usage: [usage('2026-08-01', '10')] }));
    const later = { currency: 'EUR', rates: new Map([rate('USD', '0.5')]) };
    const invoiced = { ...invoicedPeriod(8, [august], plans), currency: 'EUR' };
    const adjustments = [adjustment('late', '2026-08-02', '5')];
    const built = buildInvoice(billing({ ...later, plans, adjustments, invoiced: [invoiced] }));
    expect(originals(built)).toEqual(['USD 10 x 0.5 = 5.00']);
  });

  test('late usage of a month billed in the currency of the plan is converted when the organisation changed it', () => {
    const plans = [atTwo];
    const august = buildInvoice(billing({ month: 8, plans, usage: [usage('2026-08-01', '10')] }));
    const adjustments = [adjustment('late', '2026-08-02', '5')];
    const built = buildInvoice(
      billing({ ...inEuros, plans, adjustments, invoiced: [invoicedPeriod(8, [august], plans)] }),
    );
    expect(originals(built)).toEqual(['USD 10 x 0.9 = 9.00']);
  });

  test('late usage that takes away gives back at the rate of the line it corrects, and to zero exactly', () => {
    const plans = [plan({ price_per_unit: '0.333' })];
    const august = buildInvoice(billing({ ...inEuros, month: 8, plans, usage: [usage('2026-08-01', '10')] }));
    expect(brief(august)).toEqual(['usage 10 3.00']);
    const later = { currency: 'EUR', rates: new Map([rate('USD', '0.1')]) };
    const invoiced = [{ ...invoicedPeriod(8, [august], plans), currency: 'EUR' }];
    const give = (quantity: string) =>
      buildInvoice(
        billing({ ...later, plans, invoiced, adjustments: [adjustment('late', '2026-08-02', quantity)] }),
      );
    expect(give('-1').decreases).toMatchObject([
      {
        credits: [
          { line_number: 1, amount: { units: 30n, scale: 2 }, original_amount: { units: 333n, scale: 3 } },
        ],
      },
    ]);
    expect(give('-10').decreases).toMatchObject([{ credits: [{ amount: { units: 300n, scale: 2 } }] }]);
    expect(give('-1').lines).toEqual([]);
  });
});

/** 10^-n units as a fraction; shares no code with the product. */
const roundedProduct = (
  units: bigint,
  scale: bigint,
  rate: bigint,
  rateScale: bigint,
  digits: bigint,
): bigint => {
  const numerator = units * rate * 10n ** digits;
  const denominator = 10n ** (scale + rateScale);
  return (2n * numerator + denominator) / (2n * denominator);
};

test('every converted line is the exact product, rounded half up once, 2,000 cases', () => {
  const currency = fc.constantFrom(['EUR', 2n], ['JPY', 0n], ['KWD', 3n], ['CLF', 4n]) as fc.Arbitrary<
    [string, bigint]
  >;
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 15n }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      fc.bigInt({ min: 1n, max: 10n ** 12n }),
      currency,
      (quantity, price, rateUnits, [code, digits]) => {
        const decimals = (units: bigint, scale: number): string => {
          const text = units.toString().padStart(scale + 1, '0');
          return `${text.slice(0, -scale)}.${text.slice(-scale)}`;
        };
        const built = buildInvoice(
          billing({
            currency: code,
            rates: new Map([rate('USD', decimals(rateUnits, 10))]),
            plans: [plan({ price_per_unit: decimals(price, 6) })],
            usage: [usage('2026-09-01', decimals(quantity, 4))],
          }),
        );
        const expected = roundedProduct(quantity * price, 10n, rateUnits, 10n, digits);
        expect(BigInt((built.lines[0]?.total ?? '').replace('.', ''))).toBe(expected);
      },
    ),
    cases(2_000),
  );
});
