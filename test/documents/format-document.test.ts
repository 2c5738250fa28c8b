import { describe, expect, test } from 'vitest';
import type { DocumentModel, DocumentTier } from '../../src/documents/document-model.ts';
import {
  headFactsOf,
  headlineOf,
  legalTextsOf,
  lineDetailsOf,
  partyLinesOf,
  taxLabelOf,
  tierLabelOf,
  titleOf,
} from '../../src/documents/format-document.ts';
import { languageOf } from '../../src/documents/languages/index.ts';
import { sampleCreditNote, sampleEuInvoice, sampleInvoice, sampleLine } from './sample-model.ts';

test.each<[string, DocumentModel, string]>([
  ['an invoice without a tax regime', sampleInvoice({ tax_regime: 'none' }), 'Invoice'],
  ['an Indian invoice', sampleInvoice(), 'Tax invoice'],
  ['a European invoice', sampleEuInvoice(), 'Rechnung'],
  ['a credit note', sampleCreditNote(), 'Credit note'],
  [
    'a German credit note is not called Gutschrift',
    sampleCreditNote({ language: 'de' }),
    'Rechnungskorrektur',
  ],
  ['an Indian invoice in Hindi', sampleInvoice({ language: 'hi' }), 'कर बीजक'],
])('the title of %s', (_name, model, expected) => {
  expect(titleOf(model)).toBe(expected);
});

test.each<[string, DocumentModel, string]>([
  ['with a due date', sampleInvoice(), '₹2,31,680.87 due 15 February 2026'],
  ['in German', sampleEuInvoice(), '1.234,50\u00a0€ fällig am 15. Februar 2026'],
  ['without a due date', sampleInvoice({ due_date: null }), '₹2,31,680.87'],
  ['of a credit note', sampleCreditNote(), '₹590.00 credited'],
])('the headline %s', (_name, model, expected) => {
  expect(headlineOf(model)).toBe(expected);
});

test('a credit note names the invoice that it corrects, with its date and the reason', () => {
  expect(headFactsOf(sampleCreditNote(), true)).toEqual([
    { label: 'Credit note number', value: 'CN/25-26/00003' },
    { label: 'Date of issue', value: '20 February 2026' },
    { label: 'Billing period', value: '1 – 31 January 2026 (Asia/Kolkata)' },
    { label: 'Corrected invoice', value: 'INV/25-26/00042 of 1 February 2026' },
    { label: 'Reason', value: 'Outage on 12 January' },
    { label: 'Place of supply', value: '29 Karnataka' },
  ]);
});

test('tax ids have the label of their kind', () => {
  const party = {
    legal_name: 'X',
    address: { line1: 'Street 1', city: '', country: 'DE' },
    tax_ids: [
      { type: 'gstin', value: '29AABCN1234F1Z5' },
      { type: 'eu_vat', value: 'DE123456789' },
      { type: 'other', value: '42' },
    ],
    email: null,
  } as const;
  expect(partyLinesOf(languageOf('de'), party)).toEqual([
    'Street 1',
    'DE',
    'GSTIN 29AABCN1234F1Z5',
    'USt-IdNr. DE123456789',
    'Steuernummer 42',
  ]);
});

const tier = (changes: Partial<DocumentTier>): DocumentTier => ({
  from: '0',
  to: '1000',
  quantity: '1000',
  price_per_unit: '0.05',
  flat_fee: '0',
  amount: '50',
  ...changes,
});

test.each<[string, DocumentTier, string]>([
  ['the first', tier({}), 'First 1,000'],
  ['the second', tier({ from: '1000', to: '5000.5' }), 'From 1,000 to 5,000.5'],
  ['the last', tier({ from: '5000', to: null }), 'Above 5,000'],
  ['with a fee', tier({ flat_fee: '20' }), 'First 1,000, plus ₹20.00 flat'],
])('the label of a tier: %s', (_name, input, expected) => {
  expect(tierLabelOf(sampleInvoice(), sampleLine(), input)).toBe(expected);
});

test('a line tells its days only where they are not the document’s, and how it was converted', () => {
  const model = sampleInvoice();
  expect(lineDetailsOf(model, sampleLine())).toEqual([]);
  const changed = sampleLine({
    kind: 'adjustment',
    first_day: '2025-12-01',
    last_day: '2025-12-31',
    original_currency: 'USD',
    original_amount: '154.3209375',
    exchange_rate: '83.125',
  });
  expect(lineDetailsOf(model, changed)).toEqual([
    'Adjustment of earlier usage',
    '1 – 31 December 2025',
    '$154.3209375 at 83.125',
  ]);
});

test.each<['en' | 'de' | 'hi', string]>([
  ['en', 'Adjustment for September 2026, price from 1 January 2026'],
  ['de', 'Nachberechnung für September 2026, Preis ab 1. Januar 2026'],
  ['hi', 'सितंबर 2026 का समायोजन, मूल्य 1 जनवरी 2026 से'],
])('a late line names the month that it adjusts and the version of its price: %s', (language, expected) => {
  const adjusts = { year: 2026, month: 9, price_from: '2026-01-01' };
  const line = sampleLine({ kind: 'adjustment', adjusts });
  expect(lineDetailsOf(sampleInvoice({ language }), line)).toEqual([expected]);
});

test.each<[null | undefined]>([[null], [undefined]])(
  'a late line of an older document (%s) has its plain words',
  (adjusts) => {
    const line = sampleLine({ kind: 'adjustment', adjusts });
    expect(lineDetailsOf(sampleInvoice(), line)).toEqual(['Adjustment of earlier usage']);
  },
);

test.each<[string, DocumentModel, string[]]>([
  ['of the seller', sampleInvoice(), ['CGST 9%', 'SGST 9%']],
  ['that the recipient owes', sampleEuInvoice({ language: 'en' }), ['Reverse charge']],
  [
    'that the recipient owes, in German',
    sampleEuInvoice(),
    ['Steuerschuldnerschaft des Leistungsempfängers'],
  ],
  ['that the recipient owes, in Hindi', sampleEuInvoice({ language: 'hi' }), ['रिवर्स चार्ज']],
  ['of nought percent', sampleEuInvoice({ reverse_charge: false }), ['USt. 0\u00a0%']],
])('the label of a tax %s', (_name, model, expected) => {
  expect(model.taxes.map((tax) => taxLabelOf(model, tax))).toEqual(expected);
});

describe('the sentences that laws want', () => {
  test.each<[string, DocumentModel, RegExp]>([
    ['EU reverse charge', sampleEuInvoice(), /Reverse Charge.*Artikel 196 der Richtlinie 2006\/112\/EG/],
    ['India, reverse charge: no', sampleInvoice(), /^Tax payable on reverse charge: No$/],
    [
      'India, reverse charge: yes',
      sampleInvoice({ reverse_charge: true, legal_notes: [] }),
      /^Tax payable on reverse charge: Yes$/,
    ],
    [
      'an export with the tax paid',
      sampleInvoice({ legal_notes: ['in_export'] }),
      /on payment of integrated tax/,
    ],
    [
      'an export under a letter of undertaking',
      sampleInvoice({ legal_notes: ['in_export'], tax_total: '0.00' }),
      /letter of undertaking without payment/,
    ],
    ['outside the scope', sampleInvoice({ legal_notes: ['outside_scope'] }), /^Outside the scope of VAT/],
  ])('%s', (_name, model, expected) => {
    expect(legalTextsOf(model)).toEqual([expect.stringMatching(expected)]);
  });
});
