/** The text of a PDF, extracted from its bytes. */
import { describe, expect, test } from 'vitest';
import { add, decimal, ZERO } from '../../../src/core/decimal.ts';
import { formatMoney } from '../../../src/core/money.ts';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { formatAmount } from '../../../src/documents/format-numbers.ts';
import { languageOf } from '../../../src/documents/languages/index.ts';
import { fitWidths } from '../../../src/documents/pdf/pdf-table.ts';
import { renderPdf } from '../../../src/documents/pdf/render-pdf.ts';
import {
  FONTS,
  sampleCreditNote,
  sampleEuInvoice,
  sampleInvoice,
  sampleLine,
  sampleOfLines,
} from '../sample-model.ts';
import { readPages } from './pdf-pages.ts';

const render = (model: DocumentModel): Promise<Uint8Array> => renderPdf(model, { fonts: FONTS, logo: null });
const textOf = async (model: DocumentModel): Promise<string> =>
  (await readPages(await render(model))).join('\n');
const withPdf = (pdf: DocumentModel['templates']['pdf']): Partial<DocumentModel> => ({
  templates: { html: null, pdf },
});

test('an Indian tax invoice has every field that Rule 46 of the CGST Rules wants', async () => {
  const text = await textOf(sampleInvoice());
  for (const expected of [
    'Tax invoice\n',
    'Invoice number INV/25-26/00042',
    'Date of issue 1 February 2026',
    'Date due 15 February 2026',
    'Billing period 1 – 31 January 2026 (Asia/Kolkata)',
    'Place of supply 29 Karnataka',
    'Northwind Cloud Private Limited',
    'GSTIN 29AABCN1234F1Z5',
    'Lakshmi Analytics LLP',
    'GSTIN 29AAFFL9876K1ZQ',
    'Description HSN/SAC Quantity Unit price Tax Amount',
    'Platform fee 998315 18% ₹1,50,000.00',
    'Storage 998315 5,120.75 GB ₹1.85 18% ₹9,473.39',
    'Subtotal ₹2,06,673.39',
    'Annual commitment (5%) -₹10,333.67',
    'CGST (IN) 9% ₹1,96,339.72 ₹17,670.57',
    'SGST (IN) 9% ₹1,96,339.72 ₹17,670.58',
    'Total (INR) ₹2,31,680.87',
    'Tax payable on reverse charge: No',
    'HDFC Bank, IFSC HDFC0000123\nAccount 5010 0123 4567 89',
    'Page 1 / 1',
  ]) {
    expect(text).toContain(expected);
  }
});

test('the tiers of a line are rows below it', async () => {
  const text = await textOf(sampleInvoice());
  expect(text).toContain('First 100,000 100,000 ₹0.05 ₹5,000.00');
  expect(text).toContain('From 100,000 to 1,000,000, plus ₹100.00 flat 900,000 ₹0.04 ₹36,100.00');
  expect(text).toContain('Above 1,000,000 250,000 ₹0.025 ₹6,250.00');
});

test('a European invoice names both VAT ids, the reverse charge, the conversion and the usage without a price', async () => {
  const text = await textOf(sampleEuInvoice());
  for (const expected of [
    'Rechnung\n',
    'Leistungszeitraum 1. – 31. Januar 2026 (Europe/Berlin)',
    'USt-IdNr. DE123456789',
    'USt-IdNr. FR40303265045',
    'Datenpunkte\n154,3209375 $ zum Kurs 0,9215',
    '1.234.567,5 Stück 0,000125 $ 0 % 142,21 €',
    'Steuerschuldnerschaft des Leistungsempfängers 0,00 €',
    'Steuer Satz Nettobetrag Steuerbetrag\nSteuerschuldnerschaft des Leistungsempfängers 1.234,50 € 0,00 €',
    'Gesamtbetrag (EUR) 1.234,50 €',
    'ECB 30. Januar 2026 1 USD = 0,9215 EUR',
    'Exporte 12 Stück',
    'Artikel 196 der Richtlinie 2006/112/EG',
  ]) {
    expect(text).toContain(expected);
  }
  expect(text).not.toContain('HSN/SAC');
  expect(text).not.toContain('USt. ');
});

test('a credit note names the invoice that it corrects, and asks for no payment', async () => {
  const text = await textOf(sampleCreditNote());
  expect(text).toContain('Credit note\n');
  expect(text).toContain('Corrected invoice INV/25-26/00042 of 1 February 2026');
  expect(text).toContain('Reason Outage on 12 January');
  expect(text).toContain('Total credit (INR) ₹590.00');
  expect(text).not.toContain('HDFC');
});

describe('the labels of each language', () => {
  test.each<[DocumentModel['language'], readonly string[]]>([
    ['en', ['Tax invoice', 'Bill to', 'Quantity', 'Subtotal', '1 February 2026', 'Page 1 / 1']],
    [
      'de',
      [
        'Rechnung (Tax Invoice)',
        'Rechnungsempfänger',
        'Menge',
        'Zwischensumme',
        '1. Februar 2026',
        'Seite 1 / ',
      ],
    ],
    // Vowel signs drawn before their letter are extracted in visual order.
    ['hi', ['कर बीजक', 'प्राप्त', 'मात्रा', 'उप-योग', '1 फ़रवरी 2026', 'पृष्ठ 1 / 1']],
  ])('%s', async (language, labels) => {
    const text = (await textOf(sampleInvoice({ language }))).normalize('NFC');
    for (const label of labels) expect(text).toContain(label.normalize('NFC'));
  });
});

describe('on many pages', () => {
  const LINES = 120;
  const model = sampleOfLines(LINES);
  const pages = render(model).then(readPages);
  const money = (text: string): string => formatAmount(languageOf('en'), text, 'INR');
  const linesOn = (page: string): number[] =>
    [...page.matchAll(/^Metric (\d+) /gm)].map((match) => Number.parseInt(match[1] ?? '', 10));

  test('every line is there once, in order', async () => {
    const numbers = (await pages).flatMap(linesOn);
    expect(numbers).toEqual(Array.from({ length: LINES }, (_, index) => index + 1));
  });

  test('the head of the table and the number of the page are on each', async () => {
    const all = await pages;
    expect(all.length).toBeGreaterThan(3);
    all.forEach((page, index) => {
      if (linesOn(page).length > 0) expect(page).toContain('Description Quantity Unit price Amount');
      expect(page).toContain(`Page ${index + 1} / ${all.length}`);
      expect(page).toContain('Invoice INV/25-26/00042');
    });
  });

  test('what is carried forward is the exact sum so far, and is brought forward on the next', async () => {
    const withLines = (await pages).filter((page) => linesOn(page).length > 0);
    let sumSoFar = ZERO;
    withLines.forEach((page, index) => {
      const brought = index === 0 ? null : money(formatMoney(sumSoFar, 'INR'));
      for (const number of linesOn(page)) {
        sumSoFar = add(sumSoFar, decimal(model.lines[number - 1]?.amount ?? ''));
      }
      const carried = index === withLines.length - 1 ? null : money(formatMoney(sumSoFar, 'INR'));
      expect(/^Brought forward (\S+)$/m.exec(page)?.[1] ?? null).toBe(brought);
      expect(/^Carried forward (\S+)$/m.exec(page)?.[1] ?? null).toBe(carried);
    });
    expect(money(formatMoney(sumSoFar, 'INR'))).toBe(money(model.total));
  });
});

test('500 lines come out whole', async () => {
  const pages = await readPages(await render(sampleOfLines(500)));
  const text = pages.join('\n');
  expect(text.match(/^Metric \d+ /gm)).toHaveLength(500);
  expect(text).toContain(`Total (INR) ${formatAmount(languageOf('en'), sampleOfLines(500).total, 'INR')}`);
});

test('a line with more tiers than a page holds goes on over the pages', async () => {
  const tiers = Array.from({ length: 100 }, (_, index) => ({
    from: String(index * 10),
    to: String(index * 10 + 10),
    quantity: '10',
    price_per_unit: '0.1',
    flat_fee: '0',
    amount: '1',
  }));
  const pages = await readPages(
    await render(sampleInvoice({ lines: [sampleLine({ tiers, amount: '100.00' })] })),
  );
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.join('\n').match(/^\s*(First|From) .*₹1\.00$/gm)).toHaveLength(100);
  expect(pages[1]).toContain('Brought forward ₹100.00');
});

test('the longest names, quantities and prices keep every character, within the page', async () => {
  const name = Array.from({ length: 255 }, (_, index) => 'ABCDEFGHIJ'[index % 10]).join('');
  const quantity = '12345678901234567890123456.123456789012';
  const unit_price = '123456789012.123456789012';
  const lines = [sampleLine({ name, quantity, unit_price, hsn_sac: '99831512', unit: 'requests' })];
  const buyer = { ...sampleInvoice().buyer, legal_name: name };
  const pages = await readPages(await render(sampleInvoice({ lines, buyer })));
  const digits = pages.join('').replaceAll(/[^0-9.A-Z]/g, '');
  expect(digits.split(name).length - 1).toBeGreaterThanOrEqual(1);
  expect(pages.join('').replaceAll('\n', '')).toContain('12,345,678,901,');
});

test('a model decides which blocks are shown, and has texts of its own', async () => {
  const all = sampleEuInvoice(withPdf({ notes: 'Danke.', intro: 'Guten Tag,', footer: 'HRB 1234\nBerlin' }));
  const text = await textOf(all);
  for (const shown of ['Guten Tag,', 'Danke.', 'HRB 1234\nBerlin', 'Steueraufstellung', 'IBAN']) {
    expect(text).toContain(shown);
  }
  const bare = await textOf({ ...all, ...withPdf({ blocks: [], notes: 'Danke.' }) });
  for (const hidden of ['Danke.', 'Steueraufstellung', 'Währungsumrechnung', 'IBAN', 'Leistungszeitraum']) {
    expect(bare).not.toContain(hidden);
  }
  // What the law requires stays: the taxable amount moves into the totals.
  expect(bare).toContain('Steuerschuldnerschaft des Leistungsempfängers\nauf 1.234,50 €\n0,00 €');
  expect(bare).toContain('Artikel 196');
});

test.each<[string, readonly number[], number, readonly number[]]>([
  ['all fit', [10, 20, 30], 100, [10, 20, 30]],
  ['the widest gives way', [10, 20, 200], 100, [10, 20, 70]],
  ['two share what is left', [10, 200, 100], 100, [10, 45, 45]],
  ['none', [], 100, []],
])('widths of columns: %s', (_name, natural, available, expected) => {
  expect(fitWidths(natural, available)).toEqual(expected);
});
