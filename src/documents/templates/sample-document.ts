/** The document shown in previews; it contains something for every variable of a template. */
import type { DocumentLine, DocumentModel } from '../document-model.ts';

const LINE: Omit<DocumentLine, 'line_number' | 'name' | 'amount' | 'tax_amount'> = {
  kind: 'usage',
  unit: '',
  hsn_sac: '998315',
  first_day: '2026-01-01',
  last_day: '2026-01-31',
  quantity: null,
  unit_price: null,
  tiers: [],
  original_currency: null,
  original_amount: null,
  exchange_rate: null,
  discount_amount: '0.00',
  tax_rate: '18',
};

const REQUESTS: DocumentLine = {
  ...LINE,
  line_number: 2,
  name: 'API requests',
  unit: 'requests',
  quantity: '150000',
  tiers: [
    {
      from: '0',
      to: '100000',
      quantity: '100000',
      price_per_unit: '0.05',
      flat_fee: '0',
      amount: '5000',
    },
    {
      from: '100000',
      to: null,
      quantity: '50000',
      price_per_unit: '0.04',
      flat_fee: '0',
      amount: '2000',
    },
  ],
  amount: '7000.00',
  tax_amount: '1260.00',
};

const TOKENS: DocumentLine = {
  ...LINE,
  line_number: 3,
  name: 'Output tokens',
  unit: 'tokens',
  quantity: '1200000',
  unit_price: '0.00002',
  original_currency: 'USD',
  original_amount: '24',
  exchange_rate: '83.25',
  amount: '1998.00',
  tax_amount: '359.64',
};

export const SAMPLE_DOCUMENT: DocumentModel = {
  version: 1,
  kind: 'invoice',
  language: 'en',
  number: 'INV/25-26/00042',
  issue_date: '2026-02-01',
  due_date: '2026-02-15',
  currency: 'INR',
  period: { first_day: '2026-01-01', last_day: '2026-01-31', timezone: 'Asia/Kolkata' },
  corrects: null,
  seller: {
    legal_name: 'Example Cloud Private Limited',
    address: {
      line1: '1 Example Road',
      city: 'Bengaluru',
      region: 'Karnataka',
      postal_code: '560001',
      country: 'IN',
    },
    tax_ids: [{ type: 'gstin', value: '29ABCDE1234F1Z5' }],
    email: 'billing@seller.example',
  },
  buyer: {
    legal_name: 'Sample Customer LLP',
    address: {
      line1: '2 Sample Street',
      city: 'Mysuru',
      region: 'Karnataka',
      postal_code: '570001',
      country: 'IN',
    },
    tax_ids: [{ type: 'gstin', value: '29ABCDE5678F1Z5' }],
    email: 'accounts@customer.example',
  },
  tax_regime: 'in',
  place_of_supply: '29 Karnataka',
  reverse_charge: false,
  lines: [
    { ...LINE, line_number: 1, kind: 'flat', name: 'Platform fee', amount: '1000.00', tax_amount: '180.00' },
    REQUESTS,
    TOKENS,
  ],
  discounts: [{ description: 'Annual commitment', percentage: '10', amount: '999.80' }],
  taxes: [
    { name: 'CGST', country: 'IN', rate: '9', taxable_amount: '8998.20', amount: '809.84' },
    { name: 'SGST', country: 'IN', rate: '9', taxable_amount: '8998.20', amount: '809.84' },
  ],
  subtotal: '9998.00',
  discount_total: '999.80',
  tax_total: '1619.68',
  total: '10617.88',
  conversions: [
    { original_currency: 'USD', exchange_rate: '83.25', conversion_date: '2026-01-31', source: 'manual' },
  ],
  unpriced: [{ metric_name: 'exports', unit: 'file', quantity: '12' }],
  legal_notes: ['in_reverse_charge_no'],
  payment_instructions: 'Example Bank, IFSC EXMP0000123\nAccount 0000 1111 2222 33',
  logo: { sha256: '', media_type: 'image/png' },
  templates: { html: null, pdf: {} },
};

/** A circle and a bar, 96 × 24 pixels. */
export const sampleLogo = (): Uint8Array =>
  Uint8Array.from(
    atob(
      'iVBORw0KGgoAAAANSUhEUgAAAGAAAAAYAQMAAAA/J2rXAAAABlBMVEX///8wVtOCkk9SAAAAR0lEQVR42mNgQAEcyJz/DQg28/8HCA77/w8IDv//HwiO/P8/ODj2//8x/4eAP8Ry6v//J1kPkEOMc1BcjeIfFJ+ihAFy6AAAgvRrUGszW/EAAAAASUVORK5CYII=',
    ),
    (character) => character.charCodeAt(0),
  );
