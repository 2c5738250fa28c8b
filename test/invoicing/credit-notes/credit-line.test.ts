import { describe, expect, test } from 'vitest';
import { type Decimal, decimal, formatFixed } from '../../../src/core/decimal.ts';
import {
  amountsOf,
  type CreditableLine,
  creditLine,
  fitCredit,
  sumCreditLines,
} from '../../../src/invoicing/credit-notes/credit-line.ts';

const VAT = { name: 'VAT', rate: '19' };
const line = (total: string, discount_amount: string, vat: string, currency = 'EUR'): CreditableLine => ({
  total,
  discount_amount,
  taxes: [{ ...VAT, amount: vat }],
  currency,
});

/** Each part as `discount tax total`. */
function split(of: CreditableLine, amounts: readonly string[]): string[] {
  const [, fraction = ''] = of.total.split('.');
  const text = (value: Decimal | undefined): string =>
    formatFixed(value ?? decimal('999999'), fraction.length);
  let credited = '0';
  return amounts.map((amount) => {
    const part = creditLine(of, decimal(credited), decimal(amount));
    credited = `${Number(credited) + Number(amount)}`;
    return `${text(part.discount)} ${text(part.taxes[0]?.amount)} ${text(part.total)}`;
  });
}

describe('a part of a line takes its discount and its taxes with it', () => {
  test.each<[string, CreditableLine, string[], string[]]>([
    ['the whole', line('10.00', '1.00', '1.71'), ['10'], ['1.00 1.71 10.71']],
    [
      'thirds',
      line('10.00', '1.00', '1.71'),
      ['3.33', '3.33', '3.34'],
      ['0.33 0.57 3.57', '0.34 0.57 3.56', '0.33 0.57 3.58'],
    ],
    [
      'cents, of which the first has none',
      line('0.03', '0.00', '0.01'),
      ['0.01', '0.01', '0.01'],
      ['0.00 0.00 0.01', '0.00 0.01 0.02', '0.00 0.00 0.01'],
    ],
    ['halves, rounded up', line('2', '0', '1', 'JPY'), ['1', '1'], ['0 1 2', '0 0 1']],
    [
      'mills',
      line('0.004', '0.001', '0.001', 'KWD'),
      ['0.002', '0.002'],
      ['0.001 0.001 0.002', '0.000 0.000 0.002'],
    ],
    ['a negative line', line('-10.00', '-1.00', '-1.71'), ['-10'], ['-1.00 -1.71 -10.71']],
    ['a line of nothing', line('0.00', '0.00', '0.00'), ['0'], ['0.00 0.00 0.00']],
  ])('%s', (_, of, amounts, expected) => {
    expect(split(of, amounts)).toEqual(expected);
  });
});

describe('what is left of the invoice bounds what goes back', () => {
  test.each([
    ['it fits', '20', '23.80', '20.00 3.80'],
    ['to the cent', '20', '14.28', '12.00 2.28'],
    ['a cent less', '20', '14.27', '11.99 2.28'],
    ['nothing is left', '20', '0', '0.00 0.00'],
    ['nothing is wanted', '0', '5', '0.00 0.00'],
  ])('%s', (_, wanted, room, expected) => {
    const part = fitCredit(line('20.00', '0.00', '3.80'), decimal('0'), decimal(wanted), decimal(room));
    const { total, tax_amount } = amountsOf(part, 'EUR');
    expect(`${total} ${tax_amount}`).toBe(expected);
  });
});

test('the sums of a note name the components of its invoice, without those that give nothing back', () => {
  const amounts = (total: string, discount_amount: string, tax_amount: string) => ({
    total,
    discount_amount,
    tax_amount,
    taxes: [{ ...VAT, amount: tax_amount }],
  });
  const taxes = ['19', '7'].map((rate) => ({
    name: 'VAT',
    country: 'DE',
    rate,
    taxable_amount: '100.00',
    amount: '1.00',
  }));
  expect(
    sumCreditLines([amounts('10.00', '1.00', '1.71'), amounts('-4.00', '0.00', '-0.76')], taxes, 'EUR'),
  ).toEqual({
    subtotal: '6.00',
    discount_total: '1.00',
    tax_total: '0.95',
    total: '5.95',
    taxes: [{ name: 'VAT', country: 'DE', rate: '19', taxable_amount: '5.00', amount: '0.95' }],
  });
  expect(() => sumCreditLines([amounts('1.00', '0.00', '0.19')], [], 'EUR')).toThrow(/component/);
});
