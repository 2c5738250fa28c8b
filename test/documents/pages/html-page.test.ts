/** The content of a document's page, in its language. */
import { describe, expect, test } from 'vitest';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { formatAmount } from '../../../src/documents/format-numbers.ts';
import { LANGUAGE_CODES, languageOf } from '../../../src/documents/languages/index.ts';
import { deriveDocumentView } from '../../../src/documents/pages/document-view.ts';
import { PAGE_TEXTS } from '../../../src/documents/pages/page-texts.ts';
import { renderHtml, renderInvalidLink } from '../../../src/documents/pages/render-html.ts';
import { DEFAULT_CSS, DEFAULT_HTML } from '../../../src/documents/templates/default-template.ts';
import {
  describeVariables,
  findTemplateFaults,
  sampleView,
} from '../../../src/documents/templates/template-content.ts';
import {
  listVariables,
  TEMPLATE_VARIABLES,
  type Variables,
} from '../../../src/documents/templates/template-variables.ts';
import { expectHarmless, readPage } from '../read-page.ts';
import {
  sampleCreditNote,
  sampleEuInvoice,
  sampleInvoice,
  sampleLine,
  sampleOfLines,
} from '../sample-model.ts';

const words = (html: string): string => readPage(html).text.replace(/\s+/g, ' ');

describe('an invoice says', () => {
  test('in English, with rupees in lakh', () => {
    const text = words(renderHtml(sampleInvoice(), { logo: null }));
    for (const part of [
      'Tax invoice',
      '₹2,31,680.87 due 15 February 2026',
      'Invoice number',
      'INV/25-26/00042',
      'Date of issue',
      '1 February 2026',
      'Billing period',
      '1 – 31 January 2026 (Asia/Kolkata)',
      'Place of supply',
      'Northwind Cloud Private Limited',
      'GSTIN 29AABCN1234F1Z5',
      'Lakshmi Analytics LLP',
      'HSN/SAC',
      '1,250,000 requests',
      'From 100,000 to 1,000,000, plus ₹100.00 flat',
      '₹0.0125',
      '-₹150.00',
      'Adjustment of earlier usage',
      'Annual commitment (5%)',
      '-₹10,333.67',
      'CGST 9%',
      '₹17,670.58',
      'Total (INR)',
      'Tax summary',
      '₹1,96,339.72',
      'HDFC Bank, IFSC HDFC0000123',
      'Tax payable on reverse charge: No',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('in German, with its conversion, what has no price, and the law', () => {
    const html = renderHtml(sampleEuInvoice(), { logo: null, links: { pdf: 'https://b.example/i/x/pdf' } });
    const text = words(html).replaceAll('\u00a0', ' ');
    for (const part of [
      'Rechnung',
      '1.234,50 € fällig am 15. Februar 2026',
      'Leistungszeitraum',
      '1.234.567,5 Stück',
      '0,000125 $',
      '154,3209375 $ zum Kurs 0,9215',
      '1 USD = 0,9215 EUR',
      'ECB, 30. Januar 2026',
      'Nutzung ohne Preis, nicht berechnet',
      'Steuerschuldnerschaft des Leistungsempfängers',
      'PDF herunterladen',
    ]) {
      expect(text).toContain(part);
    }
    expect(html).toContain('<html lang="de" dir="ltr">');
  });

  test('of a tax that the recipient owes no name, rate or country', () => {
    const text = words(renderHtml(sampleEuInvoice(), { logo: null })).replaceAll('\u00a0', ' ');
    expect(text).toContain('Steuerschuldnerschaft des Leistungsempfängers');
    for (const part of ['USt. 0 %', 'USt. (', 'Leistungsempfängers (FR)']) expect(text).not.toContain(part);
    expect(words(renderHtml(sampleInvoice(), { logo: null }))).toContain('CGST 9% (IN)');
  });

  test('of late usage its month and the version of its price', () => {
    const adjusts = { year: 2025, month: 12, price_from: '2025-07-01' };
    const model = sampleInvoice({ lines: [sampleLine({ kind: 'adjustment', adjusts })] });
    expect(words(renderHtml(model, { logo: null }))).toContain(
      'Adjustment for December 2025, price from 1 July 2025',
    );
  });

  test('as a credit note, what it corrects and why, and nothing of payment', () => {
    const text = words(renderHtml(sampleCreditNote(), { logo: null }));
    for (const part of [
      'Credit note',
      '₹590.00 credited',
      'INV/25-26/00042 of 1 February 2026',
      'Outage on 12 January',
      'Total credit (INR)',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('HDFC Bank');
  });

  test.each(LANGUAGE_CODES)('in %s the words around it too', (language) => {
    const options = { logo: null, links: { pdf: 'https://b.example/i/x/pdf' } };
    const page = (status: 'open' | 'paid' | 'credited' | 'cancelled'): string =>
      renderHtml(sampleInvoice({ language }), { ...options, payment: { status, amount_due: '5.00' } });
    const texts = PAGE_TEXTS[language];
    expect(words(page('paid'))).toContain(texts.paid);
    expect(words(page('credited'))).toContain(texts.credited);
    expect(words(page('cancelled'))).toContain(texts.cancelled);
    const amount = formatAmount(languageOf(language), '5.00', 'INR').replace(/\s/g, ' ');
    expect(words(page('open'))).toContain(texts.still_due.replace('{amount}', amount));
    expect(words(page('open'))).toContain(texts.download_pdf);
    expect(page('open')).toContain(`<html lang="${language}" dir="${texts.direction}">`);
  });
});

describe('the page', () => {
  test('is a whole document with its policy, and no link or picture where none is given', () => {
    const html = renderHtml(sampleInvoice(), { logo: null });
    const { tags } = expectHarmless(html);
    expect(html).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr">/);
    expect(
      tags.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')?.attributes[
        'content'
      ],
    ).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
    );
    expect(tags.some(({ name }) => name === 'a' || name === 'img' || name === 'nav')).toBe(false);
  });

  test('shows the logo as data', () => {
    const logo = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256);
    const model = sampleInvoice({ logo: { sha256: 'x', media_type: 'image/png' } });
    const image = expectHarmless(renderHtml(model, { logo })).tags.find(({ name }) => name === 'img');
    expect(image?.attributes['src']).toBe(`data:image/png;base64,${Buffer.from(logo).toString('base64')}`);
    expect(image?.attributes['alt']).toBe('Northwind Cloud Private Limited');
  });

  test('links to the PDF at exactly the address given', () => {
    const pdf = 'https://b.example/i/a_-b/pdf?x=1&y="2"';
    const link = readPage(renderHtml(sampleInvoice(), { logo: null, links: { pdf } })).tags.find(
      ({ name }) => name === 'a',
    );
    expect(link?.attributes['href']).toBe(pdf);
  });

  test('holds a thousand lines', () => {
    const { tags } = readPage(renderHtml(sampleOfLines(1000), { logo: null }));
    expect(tags.filter(({ attributes }) => attributes['class'] === 'line')).toHaveLength(1000);
  });

  test('is that of its own template where it has one, with the CSS of the template', () => {
    const html = {
      html_content: '<h1>{{labels.total}}: {{total}}</h1>',
      css_content: 'h1 { color: #123456 }',
    };
    const page = readPage(renderHtml(sampleInvoice({ templates: { html, pdf: {} } }), { logo: null }));
    expect(page.text).toContain('Total: ₹2,31,680.87');
    expect(page.text).not.toContain('Lakshmi');
    expect(page.style).toContain('h1{color:#123456}');
  });

  test('takes a whole document for what stands in its body, and keeps the classes of that', () => {
    const html_content =
      '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
      '<title>Hidden</title></head><body class="paper" id="top"><h1 id="number">{{number}}</h1></body></html>';
    const html = { html_content, css_content: '.paper { margin: 0 }' };
    const { tags, text } = expectHarmless(
      renderHtml(sampleInvoice({ templates: { html, pdf: {} } }), { logo: null }),
    );
    expect(tags.slice(-3)).toEqual([
      { name: 'main', attributes: { class: 'mb-sheet' } },
      { name: 'div', attributes: { class: 'paper', id: 'top' } },
      { name: 'h1', attributes: { id: 'number' } },
    ]);
    expect(text).toContain('INV/25-26/00042');
    expect(text).not.toContain('Hidden');
  });

  test.each<[string, string, string]>([
    ['{{invoice_number}}', 'is the number', 'INV/25-26/00042'],
    [
      '{{customer_name}}, {{organisation_name}}',
      'is the buyer',
      'Lakshmi Analytics LLP, Lakshmi Analytics LLP',
    ],
    ['{{seller_name}}', 'is the seller', 'Northwind Cloud Private Limited'],
    ['{{period_start}} to {{period_end}}', 'are the days', '1 January 2026 to 31 January 2026'],
    ['{{subtotal}} {{tax_total}} {{total}}', 'are the sums', '₹2,06,673.39 ₹35,341.15 ₹2,31,680.87'],
    ['{{amount_due}}', 'is what is open', '₹5.00'],
    [
      '{{#line_items}}{{#unit}}{{description}}: {{quantity}} {{unit}} at {{unit_price}}, {{amount}} {{total}};{{/unit}}{{/line_items}}',
      'are the lines',
      'Storage: 5,120.75 GB at ₹1.85, ₹9,473.39 ₹9,473.39;',
    ],
    // The document's total, as before lines had their own.
    ['{{#lines}}{{#unit_price}}{{total}};{{/unit_price}}{{/lines}}', 'stays', '₹2,31,680.87;₹2,31,680.87;'],
  ])('%s %s', (html_content, _, expected) => {
    const model = sampleInvoice({ templates: { html: { html_content, css_content: '' }, pdf: {} } });
    const payment = { status: 'open', amount_due: '5.00' } as const;
    expect(words(renderHtml(model, { logo: null, payment }))).toContain(expected);
  });

  test('names the total as due where nothing is known of payment, and nothing on a credit note', () => {
    const due = (model: DocumentModel): string => deriveDocumentView(model, null).amount_due;
    expect(due(sampleInvoice())).toBe('₹2,31,680.87');
    expect(due(sampleCreditNote())).toBe('');
  });

  test('is that of the house where its template is no longer taken', () => {
    for (const html of [
      { html_content: '{{&number}}', css_content: '' },
      { html_content: '<p>own</p>', css_content: '@import "x"' },
    ]) {
      const text = words(renderHtml(sampleInvoice({ templates: { html, pdf: {} } }), { logo: null }));
      expect(text).toContain('Lakshmi Analytics LLP');
    }
  });

  test('of a link that opens nothing names no one', () => {
    expect(words(renderInvalidLink())).toContain('This link is not valid');
  });
});

describe('the list of variables', () => {
  /** The names in a view, in the format of the list. */
  function namesOf(fields: Variables, view: unknown, prefix = ''): string[] {
    return Object.entries(view as object).flatMap(([name, value]): string[] => {
      const variable = fields[name];
      const inner = variable?.kind === 'list' ? variable.item : variable;
      if (inner?.kind !== 'group') return [prefix + name];
      const values = Array.isArray(value) ? value : [value];
      return [prefix + name, ...values.flatMap((item) => namesOf(inner.fields, item, `${prefix}${name}.`))];
    });
  }

  test('names what a document gives a template, and nothing else', () => {
    const listed = new Set(listVariables().map(([name]) => name));
    const given = new Set(
      [sampleInvoice(), sampleEuInvoice()].flatMap((model) =>
        namesOf(TEMPLATE_VARIABLES, deriveDocumentView(model, null)),
      ),
    );
    const withPlaces = [...given].filter((name) => !listed.has(name));
    // Texts with placeholders are filled where they are used.
    expect(withPlaces.every((name) => name.startsWith('labels.'))).toBe(true);
    expect([...listed].filter((name) => !given.has(name))).toEqual([]);
  });

  test('the template of the house passes the checks of every other', () => {
    const faults = findTemplateFaults({
      template_type: 'html',
      is_default: true,
      is_active: true,
      html_content: DEFAULT_HTML,
      css_content: DEFAULT_CSS,
      settings: null,
      variables: describeVariables(DEFAULT_HTML),
      preview_data: null,
    });
    expect(faults).toEqual([]);
  });

  test('says of a template what its names stand for', () => {
    expect(describeVariables('{{#lines}}{{name}} {{total}}{{/lines}}{{#seller}}{{name}}{{/seller}}')).toEqual(
      {
        lines: 'The lines',
        'lines.name': 'What is charged for',
        seller: 'The seller, who issues the document',
        'seller.name': 'Legal name of the seller',
        total: 'Total to pay, or total credited',
      },
    );
  });

  test('data of a preview lies over the sample: groups are filled up, lists replaced', () => {
    const view = sampleView({ buyer: { name: 'Own' }, legal_notes: [], number: 'X-1' });
    expect(view).toMatchObject({ number: 'X-1', buyer: { name: 'Own' }, legal_notes: [], currency: 'INR' });
    expect(view['buyer']).toHaveProperty('details');
  });

  test.each<[string, Record<string, unknown>[], Record<string, unknown>]>([
    ['the first name brings the second', [{ number: 'X' }], { number: 'X', invoice_number: 'X' }],
    [
      'the second alone stays alone',
      [{ invoice_number: 'X' }],
      { invoice_number: 'X', number: 'INV/25-26/00042' },
    ],
    ['of a group too', [{ buyer: { name: 'X' } }], { customer_name: 'X', organisation_name: 'X' }],
    [
      'a group without the name leaves it',
      [{ buyer: { details: [] } }],
      { customer_name: 'Sample Customer LLP' },
    ],
    [
      'the last data lies on top',
      [{ number: 'X', currency: 'EUR' }, { number: 'Y' }],
      { invoice_number: 'Y', currency: 'EUR' },
    ],
    [
      'lines are line items',
      [{ lines: [{ name: 'N', amount: '1' }] }],
      { line_items: [{ name: 'N', description: 'N', amount: '1', total: '1' }] },
    ],
    [
      'line items have both names',
      [{ line_items: [{ description: 'D', total: '2' }] }],
      { line_items: [{ name: 'D', description: 'D', amount: '2', total: '2' }] },
    ],
  ])('data of a preview: %s', (_, data, expected) => {
    expect(sampleView(...data)).toMatchObject(expected);
  });
});
