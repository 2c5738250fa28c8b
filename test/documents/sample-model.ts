/** Documents to render in tests: complete, and with the same content on every run. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { decimal, formatDecimal, multiply, sum } from '../../src/core/decimal.ts';
import { formatMoney, roundMoney } from '../../src/core/money.ts';
import type { FontFile } from '../../src/core/ports.ts';
import type { DocumentLine, DocumentModel } from '../../src/documents/document-model.ts';

const require = createRequire(import.meta.url);
const fontFile = (name: string, path: string): FontFile => ({
  name,
  bytes: new Uint8Array(readFileSync(require.resolve(`@expo-google-fonts/${path}`))),
});

/** The fonts that the Workers bundle. */
export const FONTS: readonly FontFile[] = [
  fontFile('NotoSans-Regular', 'noto-sans/400Regular/NotoSans_400Regular.ttf'),
  fontFile('NotoSans-Bold', 'noto-sans/700Bold/NotoSans_700Bold.ttf'),
];

export const sampleLine = (changes: Partial<DocumentLine> = {}): DocumentLine => ({
  line_number: 1,
  kind: 'usage',
  name: 'API requests',
  unit: 'requests',
  hsn_sac: null,
  first_day: '2026-01-01',
  last_day: '2026-01-31',
  quantity: '10000',
  unit_price: '0.05',
  tiers: [],
  original_currency: null,
  original_amount: null,
  exchange_rate: null,
  amount: '500.00',
  discount_amount: '0.00',
  tax_rate: '18',
  tax_amount: '90.00',
  ...changes,
});

/** An Indian tax invoice within one state: CGST and SGST, a discount, tiers. */
export function sampleInvoice(changes: Partial<DocumentModel> = {}): DocumentModel {
  const hsn_sac = '998315';
  return {
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
      legal_name: 'Northwind Cloud Private Limited',
      address: {
        line1: '14, Residency Road',
        line2: 'Ashok Nagar',
        city: 'Bengaluru',
        region: 'Karnataka',
        postal_code: '560025',
        country: 'IN',
      },
      tax_ids: [{ type: 'gstin', value: '29AABCN1234F1Z5' }],
      email: 'billing@northwind.example',
    },
    buyer: {
      legal_name: 'Lakshmi Analytics LLP',
      address: {
        line1: '7th Floor, Prestige Tower',
        city: 'Mysuru',
        region: 'Karnataka',
        postal_code: '570001',
        country: 'IN',
      },
      tax_ids: [{ type: 'gstin', value: '29AAFFL9876K1ZQ' }],
      email: 'accounts@lakshmi.example',
    },
    tax_regime: 'in',
    place_of_supply: '29 Karnataka',
    reverse_charge: false,
    lines: [
      sampleLine({
        name: 'Platform fee',
        kind: 'flat',
        unit: '',
        hsn_sac,
        quantity: null,
        unit_price: null,
        amount: '150000.00',
        tax_amount: '25650.00',
      }),
      sampleLine({
        line_number: 2,
        hsn_sac,
        quantity: '1250000',
        unit_price: null,
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
            to: '1000000',
            quantity: '900000',
            price_per_unit: '0.04',
            flat_fee: '100',
            amount: '36100',
          },
          {
            from: '1000000',
            to: null,
            quantity: '250000',
            price_per_unit: '0.025',
            flat_fee: '0',
            amount: '6250',
          },
        ],
        amount: '47350.00',
        tax_amount: '8096.85',
      }),
      sampleLine({
        line_number: 3,
        name: 'Storage',
        unit: 'GB',
        hsn_sac,
        quantity: '5120.75',
        unit_price: '1.85',
        amount: '9473.39',
        tax_amount: '1619.95',
      }),
      sampleLine({
        line_number: 4,
        name: 'Tokens',
        unit: 'tokens',
        kind: 'adjustment',
        hsn_sac,
        first_day: '2025-12-01',
        last_day: '2025-12-31',
        quantity: '-12000',
        unit_price: '0.0125',
        amount: '-150.00',
        tax_amount: '-25.65',
      }),
    ],
    discounts: [{ description: 'Annual commitment', percentage: '5', amount: '10333.67' }],
    taxes: [
      { name: 'CGST', country: 'IN', rate: '9', taxable_amount: '196339.72', amount: '17670.57' },
      { name: 'SGST', country: 'IN', rate: '9', taxable_amount: '196339.72', amount: '17670.58' },
    ],
    subtotal: '206673.39',
    discount_total: '10333.67',
    tax_total: '35341.15',
    total: '231680.87',
    conversions: [],
    unpriced: [],
    legal_notes: ['in_reverse_charge_no'],
    payment_instructions: 'HDFC Bank, IFSC HDFC0000123\nAccount 5010 0123 4567 89',
    logo: null,
    templates: { html: null, pdf: {} },
    ...changes,
  };
}

/** An invoice to another EU country: reverse charge, converted lines, usage without a price. */
export function sampleEuInvoice(changes: Partial<DocumentModel> = {}): DocumentModel {
  return sampleInvoice({
    language: 'de',
    number: 'RE-2026-0007',
    currency: 'EUR',
    period: { first_day: '2026-01-01', last_day: '2026-01-31', timezone: 'Europe/Berlin' },
    seller: {
      legal_name: 'Messwerk GmbH',
      address: { line1: 'Torstraße 1', city: 'Berlin', postal_code: '10119', country: 'DE' },
      tax_ids: [{ type: 'eu_vat', value: 'DE123456789' }],
      email: null,
    },
    buyer: {
      legal_name: 'Société Générale des Données SARL',
      address: { line1: '3 rue de l’Église', city: 'Paris', postal_code: '75004', country: 'FR' },
      tax_ids: [{ type: 'eu_vat', value: 'FR40303265045' }],
      email: null,
    },
    tax_regime: 'eu',
    place_of_supply: 'FR',
    reverse_charge: true,
    lines: [
      sampleLine({
        name: 'Datenpunkte',
        unit: 'Stück',
        quantity: '1234567.5',
        unit_price: '0.000125',
        original_currency: 'USD',
        original_amount: '154.3209375',
        exchange_rate: '0.9215',
        amount: '142.21',
        tax_rate: '0',
        tax_amount: '0.00',
      }),
      sampleLine({
        line_number: 2,
        name: 'Speicher',
        unit: 'GB',
        quantity: '1092.29',
        unit_price: '1',
        amount: '1092.29',
        tax_rate: '0',
        tax_amount: '0.00',
      }),
    ],
    discounts: [],
    taxes: [{ name: 'VAT', country: 'FR', rate: '0', taxable_amount: '1234.50', amount: '0.00' }],
    subtotal: '1234.50',
    discount_total: '0.00',
    tax_total: '0.00',
    total: '1234.50',
    conversions: [
      { original_currency: 'USD', exchange_rate: '0.9215', conversion_date: '2026-01-30', source: 'ECB' },
    ],
    unpriced: [{ metric_name: 'Exporte', unit: 'Stück', quantity: '12' }],
    legal_notes: ['eu_reverse_charge'],
    payment_instructions: 'IBAN DE02 1203 0000 0000 2020 51, BIC BYLADEM1001',
    ...changes,
  });
}

export function sampleCreditNote(changes: Partial<DocumentModel> = {}): DocumentModel {
  return sampleInvoice({
    kind: 'credit_note',
    number: 'CN/25-26/00003',
    issue_date: '2026-02-20',
    due_date: null,
    corrects: { number: 'INV/25-26/00042', issue_date: '2026-02-01', reason: 'Outage on 12 January' },
    lines: [sampleLine({ kind: 'credit', hsn_sac: '998315', name: 'Storage', unit: 'GB' })],
    discounts: [],
    taxes: [
      { name: 'CGST', country: 'IN', rate: '9', taxable_amount: '500.00', amount: '45.00' },
      { name: 'SGST', country: 'IN', rate: '9', taxable_amount: '500.00', amount: '45.00' },
    ],
    subtotal: '500.00',
    discount_total: '0.00',
    tax_total: '90.00',
    total: '590.00',
    ...changes,
  });
}

/** The sample with this many lines, all different, and consistent totals. */
export function sampleOfLines(count: number, changes: Partial<DocumentModel> = {}): DocumentModel {
  const lines = Array.from({ length: count }, (_, index) => {
    const quantity = String((index + 1) * 37);
    const unit_price = formatDecimal(decimal(`0.${101 + index}`));
    const amount = roundMoney(multiply(decimal(quantity), decimal(unit_price)), 'INR');
    return sampleLine({
      line_number: index + 1,
      name: `Metric ${index + 1}`,
      quantity,
      unit_price,
      amount: formatMoney(amount, 'INR'),
      tax_rate: null,
    });
  });
  const total = formatMoney(sum(lines.map((line) => decimal(line.amount))), 'INR');
  return sampleInvoice({
    tax_regime: 'none',
    lines,
    discounts: [],
    taxes: [],
    subtotal: total,
    discount_total: '0.00',
    tax_total: '0.00',
    total,
    legal_notes: [],
    ...changes,
  });
}
