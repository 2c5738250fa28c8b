import { describe, expect, test } from 'vitest';
import { decimal } from '../../../src/core/decimal.ts';
import { formatMoney } from '../../../src/core/money.ts';
import { deriveTaxes, type TaxInput } from '../../../src/pricing/tax/derive-taxes.ts';
import { describePlaceOfSupply, taxCountriesOf } from '../../../src/pricing/tax/tax-treatment.ts';
import { buyerIn, DAY, DE_SELLER, GSTIN_27, GSTIN_29, IN_SELLER, RATES } from './parties.ts';

type Line = readonly [taxable: string, category?: string];

const INDIA: TaxInput = {
  regime: 'in',
  currency: 'INR',
  day: DAY,
  seller: IN_SELLER,
  buyer: buyerIn('IN', { place_of_supply: '29' }),
  rates: RATES,
};
const EUROPE: TaxInput = {
  regime: 'eu',
  currency: 'EUR',
  day: DAY,
  seller: DE_SELLER,
  buyer: buyerIn('DE'),
  rates: RATES,
};

/** `VAT DE 19% of 100.00 = 19.00`, and the parts of each line. */
function derive(input: TaxInput, lines: readonly Line[]) {
  const result = deriveTaxes(
    input,
    lines.map(([taxable, tax_category = 'standard']) => ({ taxable: decimal(taxable), tax_category })),
  );
  const text = (amount: Parameters<typeof formatMoney>[0]): string => formatMoney(amount, input.currency);
  return {
    taxes: result.taxes.map(
      (tax) => `${tax.name} ${tax.country} ${tax.rate}% of ${text(tax.taxable_amount)} = ${text(tax.amount)}`,
    ),
    byLine: result.byLine.map((parts) =>
      parts.map((part) => `${part.name} ${part.rate} ${text(part.amount)}`).join(', '),
    ),
    notes: result.legal_notes,
    reverse_charge: result.reverse_charge,
  };
}

describe('whose tax it is', () => {
  const india = (buyer: TaxInput['buyer']): TaxInput => ({ ...INDIA, buyer });
  const europe = (buyer: TaxInput['buyer']): TaxInput => ({ ...EUROPE, buyer });
  const INTRA = ['CGST IN 9% of 100.00 = 9.00', 'SGST IN 9% of 100.00 = 9.00'];
  const INTER = ['IGST IN 18% of 100.00 = 18.00'];
  const NO_REVERSE = ['in_reverse_charge_no'];
  const toFrance = 'VAT FR 0% of 100.00 = 0.00';

  test.each<[string, TaxInput, string[], string[]]>([
    ['no regime', { ...EUROPE, regime: 'none' }, [], []],
    ['India, the same state by its code', india(buyerIn('IN', { place_of_supply: '29' })), INTRA, NO_REVERSE],
    ['India, the same state by the GSTIN', india(buyerIn('IN', { tax_id: GSTIN_29 })), INTRA, NO_REVERSE],
    ['India, another state by its code', india(buyerIn('IN', { place_of_supply: '07' })), INTER, NO_REVERSE],
    ['India, another state by the GSTIN', india(buyerIn('IN', { tax_id: GSTIN_27 })), INTER, NO_REVERSE],
    [
      'India, the code before the GSTIN',
      india(buyerIn('IN', { place_of_supply: '29', tax_id: GSTIN_27 })),
      INTRA,
      NO_REVERSE,
    ],
    ['India, to abroad', india(buyerIn('US')), ['IGST IN 0% of 100.00 = 0.00'], ['in_export']],
    [
      'India, to abroad with a tax id',
      india(buyerIn('DE', { tax_id: 'DE123456789' })),
      ['IGST IN 0% of 100.00 = 0.00'],
      ['in_export'],
    ],
    [
      'India, from abroad but supplied in a state',
      india(buyerIn('US', { place_of_supply: '29' })),
      INTRA,
      NO_REVERSE,
    ],
    ['India, of a buyer without a state', india(buyerIn('IN')), [], []],
    ['India, of a buyer without an address', india(buyerIn('IN', { address: null })), [], []],
    ['India, of a seller without a GSTIN', { ...INDIA, seller: { ...IN_SELLER, tax_ids: [] } }, [], []],
    ['EU, at home', europe(buyerIn('DE')), ['VAT DE 19% of 100.00 = 19.00'], []],
    [
      'EU, at home with a VAT ID',
      europe(buyerIn('DE', { tax_id: 'DE987654321' })),
      ['VAT DE 19% of 100.00 = 19.00'],
      [],
    ],
    [
      'EU, a business of another state',
      europe(buyerIn('FR', { tax_id: 'FR12345678901' })),
      [toFrance],
      ['eu_reverse_charge'],
    ],
    [
      'EU, a business of Greece: its prefix is EL',
      europe(buyerIn('GR', { tax_id: 'EL123456789' })),
      ['VAT GR 0% of 100.00 = 0.00'],
      ['eu_reverse_charge'],
    ],
    ['EU, a consumer in another state', europe(buyerIn('FR')), ['VAT FR 20% of 100.00 = 20.00'], []],
    [
      'EU, a malformed VAT ID is none',
      europe(buyerIn('FR', { tax_id: 'FR1' })),
      ['VAT FR 20% of 100.00 = 20.00'],
      [],
    ],
    [
      'EU, a consumer taxed at home by choice',
      europe(buyerIn('FR', { place_of_supply: 'DE' })),
      ['VAT DE 19% of 100.00 = 19.00'],
      [],
    ],
    [
      'EU, a business of another state, supplied at home',
      europe(buyerIn('FR', { tax_id: 'FR12345678901', place_of_supply: 'DE' })),
      ['VAT DE 19% of 100.00 = 19.00'],
      [],
    ],
    [
      'EU, a business registered at home with an address elsewhere',
      europe(buyerIn('FR', { tax_id: 'DE987654321' })),
      ['VAT DE 19% of 100.00 = 19.00'],
      [],
    ],
    ['EU, outside', europe(buyerIn('US')), [], ['outside_scope']],
    [
      'EU, Northern Ireland is outside',
      europe(buyerIn('GB', { tax_id: 'XI123456789' })),
      [],
      ['outside_scope'],
    ],
    ['EU, of a buyer without an address', europe(buyerIn('DE', { address: null })), [], []],
    ['EU, of a seller outside', { ...EUROPE, seller: IN_SELLER }, [], []],
    ['EU, a country without a rate', europe(buyerIn('ES')), [], []],
  ])('%s', (_, input, taxes, notes) => {
    const given = derive(input, [['100']]);
    expect(given.taxes).toEqual(taxes);
    expect(given.notes).toEqual(notes);
    expect(given.reverse_charge).toBe(notes.includes('eu_reverse_charge'));
  });

  test.each<[string, TaxInput, string[]]>([
    ['none', { ...EUROPE, regime: 'none' }, []],
    ['India', INDIA, ['IN']],
    ['an export', india(buyerIn('US')), []],
    ['a consumer in France', europe(buyerIn('FR')), ['FR']],
    ['a business in France', europe(buyerIn('FR', { tax_id: 'FR12345678901' })), []],
  ])('rates are wanted for %s', (_, input, expected) => {
    expect(taxCountriesOf(input)).toEqual(expected);
  });

  test.each<[string, TaxInput, string | null]>([
    ['a state by its code', INDIA, '29 Karnataka'],
    ['a state by the GSTIN', india(buyerIn('IN', { tax_id: GSTIN_27 })), '27 Maharashtra'],
    ['an export', india(buyerIn('US')), null],
    ['a country', europe(buyerIn('FR', { place_of_supply: 'DE' })), 'DE'],
    ['nothing', europe(buyerIn('FR')), null],
  ])('documents name the place of supply: %s', (_, input, expected) => {
    expect(describePlaceOfSupply(input)).toBe(expected);
  });

  test('in a union territory the half of the state is UTGST', () => {
    const seller = { ...IN_SELLER, tax_ids: [{ type: 'gstin' as const, value: chandigarh() }] };
    const input = { ...INDIA, seller, buyer: buyerIn('IN', { place_of_supply: '04' }) };
    expect(derive(input, [['100']]).taxes).toEqual([
      'CGST IN 9% of 100.00 = 9.00',
      'UTGST IN 9% of 100.00 = 9.00',
    ]);
  });
});

/** The check character completes the sum of the weighted digits to a multiple of 36. */
function chandigarh(): string {
  const body = '04AAPFU0939F1Z';
  const value = (character: string): number => Number.parseInt(character, 36);
  const sum = [...body].reduce((total, character, at) => {
    const product = value(character) * (1 + (at % 2));
    return total + Math.floor(product / 36) + (product % 36);
  }, 0);
  return body + ((36 - (sum % 36)) % 36).toString(36).toUpperCase();
}

describe('how much it is', () => {
  const at = (place_of_supply: string): TaxInput => ({ ...INDIA, buyer: buyerIn('IN', { place_of_supply }) });
  test.each<[string, TaxInput, readonly Line[], string[], string[]]>([
    ['of no lines', EUROPE, [], [], []],
    [
      'once on the sum, and the odd cent goes to the first of equals',
      EUROPE,
      [['0.33'], ['0.33'], ['0.33']],
      ['VAT DE 19% of 0.99 = 0.19'],
      ['VAT 19 0.07', 'VAT 19 0.06', 'VAT 19 0.06'],
    ],
    [
      'each half is rounded by itself',
      at('29'),
      [['99.99']],
      ['CGST IN 9% of 99.99 = 9.00', 'SGST IN 9% of 99.99 = 9.00'],
      ['CGST 9 9.00, SGST 9 9.00'],
    ],
    [
      'two halves may differ from the whole',
      at('29'),
      [['0.05']],
      ['CGST IN 9% of 0.05 = 0.00', 'SGST IN 9% of 0.05 = 0.00'],
      ['CGST 9 0.00, SGST 9 0.00'],
    ],
    ['of the same to another state', at('07'), [['0.05']], ['IGST IN 18% of 0.05 = 0.01'], ['IGST 18 0.01']],
    [
      'a half of an odd rate',
      at('29'),
      [['100', 'reduced']],
      ['CGST IN 2.5% of 100.00 = 2.50', 'SGST IN 2.5% of 100.00 = 2.50'],
      ['CGST 2.5 2.50, SGST 2.5 2.50'],
    ],
    [
      'a group for each rate, the highest first',
      EUROPE,
      [['10', 'reduced'], ['100'], ['20', 'reduced']],
      ['VAT DE 19% of 100.00 = 19.00', 'VAT DE 7% of 30.00 = 2.10'],
      ['VAT 7 0.70', 'VAT 19 19.00', 'VAT 7 1.40'],
    ],
    [
      'categories of one rate are one group',
      EUROPE,
      [['0.03'], ['0.03', 'premium']],
      ['VAT DE 19% of 0.06 = 0.01'],
      ['VAT 19 0.01', 'VAT 19 0.00'],
    ],
    [
      'a rate of zero is shown',
      at('07'),
      [['50', 'exempt']],
      ['IGST IN 0% of 50.00 = 0.00'],
      ['IGST 0 0.00'],
    ],
    [
      'a line whose category has no rate bears none',
      EUROPE,
      [['50', 'luxury'], ['1']],
      ['VAT DE 19% of 1.00 = 0.19'],
      ['', 'VAT 19 0.19'],
    ],
    [
      'lines of both signs keep their proportion',
      EUROPE,
      [['10'], ['-4']],
      ['VAT DE 19% of 6.00 = 1.14'],
      ['VAT 19 1.90', 'VAT 19 -0.76'],
    ],
    [
      'a group that takes back is taxed back',
      EUROPE,
      [['-0.50'], ['1', 'reduced']],
      ['VAT DE 19% of -0.50 = -0.10', 'VAT DE 7% of 1.00 = 0.07'],
      ['VAT 19 -0.10', 'VAT 7 0.07'],
    ],
    [
      'of a sum of zero',
      EUROPE,
      [['5'], ['-5']],
      ['VAT DE 19% of 0.00 = 0.00'],
      ['VAT 19 0.00', 'VAT 19 0.00'],
    ],
    [
      'under reverse charge every line is taxed at zero',
      { ...EUROPE, buyer: buyerIn('FR', { tax_id: 'FR12345678901' }) },
      [['10'], ['20', 'luxury']],
      ['VAT FR 0% of 30.00 = 0.00'],
      ['VAT 0 0.00', 'VAT 0 0.00'],
    ],
  ])('%s', (_, input, lines, taxes, byLine) => {
    const given = derive(input, lines);
    expect(given.taxes).toEqual(taxes);
    expect(given.byLine).toEqual(byLine);
  });

  test.each([
    ['2024-08-31', 'VAT FI 24% of 100.00 = 24.00'],
    ['2024-09-01', 'VAT FI 25.5% of 100.00 = 25.50'],
  ])('on %s the rate in force is taken: %s', (day, expected) => {
    expect(derive({ ...EUROPE, day, buyer: buyerIn('FI') }, [['100']]).taxes).toEqual([expected]);
  });

  test('before the first day of a rate there is none', () => {
    expect(derive({ ...EUROPE, day: '2019-12-31' }, [['100']]).taxes).toEqual([]);
  });
});
