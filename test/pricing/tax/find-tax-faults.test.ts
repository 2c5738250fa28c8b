/** The requirements of each regime, with one thing missing at a time. */
import { describe, expect, test } from 'vitest';
import { findTaxFaults, type TaxFaultInput } from '../../../src/pricing/tax/find-tax-faults.ts';
import { buyerIn, DAY, DE_SELLER, GSTIN_27, IN_SELLER, RATES } from './parties.ts';

const INDIA: TaxFaultInput = {
  regime: 'in',
  seller: { ...IN_SELLER, legal_name: 'Seller Pvt Ltd' },
  buyer: { ...buyerIn('IN', { tax_id: GSTIN_27 }), legal_name: 'Buyer Pvt Ltd' },
  day: DAY,
  rates: RATES,
  number: 'INV/26-27/99999',
  lines: [
    { tax_category: 'standard', hsn_sac: '998315' },
    { tax_category: 'reduced', hsn_sac: '9983' },
  ],
};
const EUROPE: TaxFaultInput = {
  regime: 'eu',
  seller: { ...DE_SELLER, legal_name: 'Seller GmbH' },
  buyer: { ...buyerIn('FR', { tax_id: 'FR12345678901' }), legal_name: 'Buyer SARL' },
  day: DAY,
  rates: RATES,
  number: 'INV-2026-999999',
  lines: [{ tax_category: 'standard', hsn_sac: null }],
};

const seller = (of: TaxFaultInput, fields: Partial<TaxFaultInput['seller']>): TaxFaultInput => ({
  ...of,
  seller: { ...of.seller, ...fields },
});
const buyer = (of: TaxFaultInput, fields: Partial<TaxFaultInput['buyer']>): TaxFaultInput => ({
  ...of,
  buyer: { ...of.buyer, ...fields },
});
const at = (country: string) => ({ line1: 'Street 1', country });
const NOBODY: TaxFaultInput = {
  ...INDIA,
  seller: { legal_name: ' ', address: null, tax_ids: [] },
  buyer: { legal_name: null, address: null, tax_id: null, place_of_supply: null },
  number: 'INV-2026-27-000042',
  lines: [{ tax_category: 'luxury', hsn_sac: null }],
};

describe('faults', () => {
  test.each<[string, TaxFaultInput, string[]]>([
    ['none: of nobody', { ...NOBODY, regime: 'none' }, []],
    ['in: of a whole invoice', INDIA, []],
    [
      'in: to a buyer abroad, without a rate',
      buyer({ ...INDIA, rates: [] }, { address: at('US'), tax_id: null }),
      [],
    ],
    [
      'in: to a buyer abroad with a tax id of there',
      buyer(INDIA, { address: at('US'), tax_id: '12-345' }),
      [],
    ],
    ['in: to a consumer in a state', buyer(INDIA, { tax_id: null, place_of_supply: '07' }), []],
    ['in: seller without a name', seller(INDIA, { legal_name: '' }), ['/billing_entity/legal_name required']],
    ['in: seller without an address', seller(INDIA, { address: null }), ['/billing_entity/address required']],
    [
      'in: seller abroad',
      seller(INDIA, { address: at('SG') }),
      ['/billing_entity/address/country not_allowed'],
    ],
    ['in: seller without a GSTIN', seller(INDIA, { tax_ids: [] }), ['/billing_entity/tax_ids required']],
    [
      'in: seller with a GSTIN that is none',
      seller(INDIA, { tax_ids: [{ type: 'gstin', value: '29AAGCB7383J1Z5' }] }),
      ['/billing_entity/tax_ids required'],
    ],
    ['in: buyer without a name', buyer(INDIA, { legal_name: null }), ['/organisation/legal_name required']],
    ['in: buyer without an address', buyer(INDIA, { address: null }), ['/organisation/address required']],
    [
      'in: buyer without an address, of a state',
      buyer(INDIA, { address: null, tax_id: null, place_of_supply: '07' }),
      ['/organisation/address required'],
    ],
    [
      'in: buyer of whom nothing is known',
      buyer(INDIA, { address: null, tax_id: null }),
      ['/organisation/address required', '/organisation/place_of_supply required'],
    ],
    [
      'in: buyer without an address, with another tax id',
      buyer(INDIA, { address: null, tax_id: 'X1' }),
      ['/organisation/address required', '/organisation/place_of_supply required'],
    ],
    [
      'in: buyer of a country that is none',
      buyer(INDIA, { address: at('XX') }),
      ['/organisation/address/country invalid_format'],
    ],
    [
      'in: buyer in India with another tax id and no state',
      buyer(INDIA, { tax_id: 'X1' }),
      ['/organisation/tax_id invalid_format', '/organisation/place_of_supply required'],
    ],
    [
      'in: buyer in India of no state',
      buyer(INDIA, { tax_id: null }),
      ['/organisation/place_of_supply required'],
    ],
    [
      'in: buyer of a state that is none',
      buyer(INDIA, { place_of_supply: '39' }),
      ['/organisation/place_of_supply invalid_format'],
    ],
    [
      'in: a line without a code',
      { ...INDIA, lines: [...INDIA.lines, { tax_category: 'standard', hsn_sac: null }] },
      ['/line_items/2/hsn_sac required'],
    ],
    [
      'in: a line with a code that is none',
      { ...INDIA, lines: [{ tax_category: 'standard', hsn_sac: '12345' }] },
      ['/line_items/0/hsn_sac invalid_format'],
    ],
    [
      'in: a category without a rate',
      { ...INDIA, lines: [...INDIA.lines, { tax_category: 'luxury', hsn_sac: '9983' }] },
      ['/line_items/2/tax_category no_rate'],
    ],
    ['in: a number of 16 characters', { ...INDIA, number: 'INV/26-27/123456' }, []],
    [
      'in: a number of 17',
      { ...INDIA, number: 'INV/26-27/1234567' },
      ['/billing_entity/number_format too_long'],
    ],
    [
      'in: all at once',
      NOBODY,
      [
        '/billing_entity/legal_name required',
        '/billing_entity/address required',
        '/billing_entity/tax_ids required',
        '/billing_entity/number_format too_long',
        '/organisation/legal_name required',
        '/organisation/address required',
        '/organisation/place_of_supply required',
        '/line_items/0/hsn_sac required',
      ],
    ],
    ['eu: of a reverse charge', EUROPE, []],
    ['eu: of a consumer abroad', buyer(EUROPE, { tax_id: null }), []],
    [
      'eu: to outside, without a rate',
      buyer({ ...EUROPE, rates: [] }, { address: at('US'), tax_id: 'any' }),
      [],
    ],
    ['eu: a long number', { ...EUROPE, number: 'INVOICE-2026-27-000042' }, []],
    [
      'eu: seller without a name',
      seller(EUROPE, { legal_name: '' }),
      ['/billing_entity/legal_name required'],
    ],
    [
      'eu: seller without an address',
      seller(EUROPE, { address: null }),
      ['/billing_entity/address required'],
    ],
    [
      'eu: seller outside',
      seller(EUROPE, { address: at('CH') }),
      ['/billing_entity/address/country not_allowed'],
    ],
    [
      'eu: seller without a VAT ID',
      seller(EUROPE, { tax_ids: [{ type: 'other', value: 'DE123456789' }] }),
      ['/billing_entity/tax_ids required'],
    ],
    ['eu: buyer without a name', buyer(EUROPE, { legal_name: ' ' }), ['/organisation/legal_name required']],
    ['eu: buyer without an address', buyer(EUROPE, { address: null }), ['/organisation/address required']],
    [
      'eu: buyer with a VAT ID that is none, who would be taxed as a consumer',
      buyer(EUROPE, { tax_id: 'FR1' }),
      ['/organisation/tax_id invalid_format'],
    ],
    [
      'eu: a place that is no country',
      buyer(EUROPE, { place_of_supply: '29' }),
      ['/organisation/place_of_supply invalid_format'],
    ],
    [
      'eu: a consumer in a country without a rate',
      buyer(EUROPE, { address: at('ES'), tax_id: null }),
      ['/line_items/0/tax_category no_rate'],
    ],
    [
      'eu: a rate that has ended',
      { ...buyer(EUROPE, { address: at('FI'), tax_id: null }), day: '2019-01-01' },
      ['/line_items/0/tax_category no_rate'],
    ],
  ])('%s', (_, input, expected) => {
    expect(findTaxFaults(input).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(expected);
  });

  test('of each regime have a sentence', () => {
    for (const fault of [...findTaxFaults(NOBODY), ...findTaxFaults({ ...NOBODY, regime: 'eu' })]) {
      expect(fault.detail).toMatch(/^[A-Z].*\.$/);
    }
  });
});
