/** Sellers, buyers and rates for the tax tests. */
import type { TaxRate } from '../../../src/pricing/tax/tax-rate.ts';
import type { TaxBuyer, TaxSeller } from '../../../src/pricing/tax/tax-treatment.ts';

export const DAY = '2026-11-21';
/** Karnataka. */
export const GSTIN_29 = '29AAGCB7383J1Z4';
/** Maharashtra. */
export const GSTIN_27 = '27AAPFU0939F1ZV';
export const IN_SELLER: TaxSeller = {
  address: { line1: 'MG Road 1', city: 'Bengaluru', country: 'IN' },
  tax_ids: [{ type: 'gstin', value: GSTIN_29 }],
};
export const DE_SELLER: TaxSeller = {
  address: { line1: 'Hauptstr. 1', city: 'Berlin', country: 'DE' },
  tax_ids: [{ type: 'eu_vat', value: 'DE123456789' }],
};

export const buyerIn = (country: string, fields: Partial<TaxBuyer> = {}): TaxBuyer => ({
  address: { line1: 'Street 1', country },
  tax_id: null,
  place_of_supply: null,
  ...fields,
});

export const rateOf = (country: string, rate: string, fields: Partial<TaxRate> = {}): TaxRate => ({
  country,
  category: 'standard',
  rate,
  effective_from: '2020-01-01',
  effective_to: null,
  ...fields,
});

export const RATES: readonly TaxRate[] = [
  rateOf('IN', '18'),
  rateOf('IN', '5', { category: 'reduced' }),
  rateOf('IN', '0', { category: 'exempt' }),
  rateOf('DE', '19'),
  rateOf('DE', '7', { category: 'reduced' }),
  rateOf('DE', '19.0', { category: 'premium' }),
  rateOf('FR', '20'),
  rateOf('GR', '24'),
  rateOf('FI', '24', { effective_to: '2024-09-01' }),
  rateOf('FI', '25.5', { effective_from: '2024-09-01' }),
];
