/** The bytes of a PDF: reproducible, without active content, and not written at all if something is missing. */
import { describe, expect, test } from 'vitest';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { MissingGlyphsError } from '../../../src/documents/pdf/pdf-fonts.ts';
import { renderPdf } from '../../../src/documents/pdf/render-pdf.ts';
import { samplePng } from '../sample-logo.ts';
import { FONTS, sampleCreditNote, sampleEuInvoice, sampleInvoice, sampleLine } from '../sample-model.ts';
import { readPages } from './pdf-pages.ts';

const render = (model: DocumentModel, logo: Uint8Array | null = null): Promise<Uint8Array> =>
  renderPdf(model, { fonts: FONTS, logo });

const named = (name: string): DocumentModel =>
  sampleInvoice({ lines: [sampleLine({ name })], seller: { ...sampleInvoice().seller, legal_name: name } });

test('the same model gives the same bytes, also after others were rendered', async () => {
  const model = sampleInvoice();
  const logo = samplePng(20, 10, [200, 30, 30, 128]);
  const first = await render(model, logo);
  await render(sampleEuInvoice({ language: 'hi' }));
  await render(named('क्षेत्र Ω K'));
  expect(Buffer.from(await render(model, logo)).equals(first)).toBe(true);
});

test('two documents at the same time do not disturb each other', async () => {
  const models = [sampleInvoice(), sampleEuInvoice(), sampleCreditNote({ language: 'hi' })];
  const alone: Uint8Array[] = [];
  for (const model of models) alone.push(await render(model));
  const together = await Promise.all(models.map((model) => render(model)));
  expect(together.map((bytes, index) => Buffer.from(bytes).equals(alone[index] ?? bytes))).toEqual([
    true,
    true,
    true,
  ]);
});

test('another model gives other bytes', async () => {
  const [one, other] = [
    await render(sampleInvoice()),
    await render(sampleInvoice({ number: 'INV/25-26/00043' })),
  ];
  expect(Buffer.from(one).equals(other)).toBe(false);
});

const ACTIVE =
  /\/(JS|JavaScript|Launch|OpenAction|AA|EmbeddedFiles?|URI|SubmitForm|GoToR|RichMedia|Annots)\b/;

/** The objects of a file without their compressed streams and the contents of strings. */
const structureOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/\nstream\n.*?\nendstream/gs, '')
    .replaceAll(/\((?:\\.|[^\\()])*\)/gs, '()');

describe('texts of customers stay texts', () => {
  test.each<[string, string]>([
    ['operators of a page', ') Tj /JS (app.alert(1)) ET'],
    ['a backslash at the end', 'name \\'],
    ['an end of an object', 'endobj 1 0 obj << /OpenAction 2 0 R >>'],
    ['an element', '<script>alert(1)</script>'],
    ['a link', 'https://evil.example/'],
    ['an action in other letters', '(/URI) ѕее'],
  ])('%s', async (_name, text) => {
    const bytes = await render(named(text));
    const raw = structureOf(bytes);
    expect(raw).not.toMatch(ACTIVE);
    expect((await readPages(bytes)).join('\n')).toContain(text);
  });

  test('overrides of direction and controls are taken out', async () => {
    const bytes = await render(
      named('in\u202evoice\u202c \u2066x\u2069 \u0000\u001b[31mred\u009b \u200eok\u200b'),
    );
    const text = (await readPages(bytes)).join('\n');
    expect(text).toContain('invoice x [31mred ok');
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u009b]/);
    expect(text).not.toContain('\u001b');
  });

  test('a line break in a name is no way to another line of the metadata', async () => {
    const bytes = await render(named('A\n) /Author (B'));
    const raw = Buffer.from(bytes).toString('latin1');
    expect(raw).toContain('(A\\n\\) /Author \\(B)');
  });
});

test('the file says its title, its author, its language and the day of issue', async () => {
  const raw = Buffer.from(await render(sampleEuInvoice())).toString('latin1');
  expect(raw).toContain('(RE-2026-0007)');
  expect(raw).toContain('(Messwerk GmbH)');
  expect(raw).toContain('/Lang (de)');
  expect(raw).toContain('(D:20260201000000Z)');
  expect(raw).toContain('/DisplayDocTitle true');
});

describe('a character without a glyph', () => {
  test('is told by its code point, once, in order; nothing is rendered', async () => {
    const error = await render(named('你好, 你 and 😀')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MissingGlyphsError);
    expect((error as MissingGlyphsError).codePoints).toEqual(['U+4F60', 'U+597D', 'U+1F600']);
  });

  test('is found in every text of the model', async () => {
    const { buyer } = sampleInvoice();
    const pdf = (texts: DocumentModel['templates']['pdf']): DocumentModel =>
      sampleInvoice({ templates: { html: null, pdf: texts } });
    const models = [
      sampleInvoice({ number: '你' }),
      sampleInvoice({ buyer: { ...buyer, legal_name: '你' } }),
      sampleInvoice({ payment_instructions: '你' }),
      sampleInvoice({ lines: [sampleLine({ unit: '你' })] }),
      sampleInvoice({ discounts: [{ description: '你', percentage: null, amount: '1.00' }] }),
      pdf({ intro: '你' }),
      pdf({ notes: '你' }),
      pdf({ footer: '你' }),
    ];
    for (const model of models) await expect(render(model)).rejects.toThrow('U+4F60');
  });
});

test('bold text without a bold font is drawn with the other', async () => {
  const regular = FONTS.filter(({ name }) => name === 'NotoSans-Regular');
  const bytes = await renderPdf(sampleInvoice(), { fonts: regular, logo: null });
  expect((await readPages(bytes)).join('\n')).toContain('Total (INR) ₹2,31,680.87');
});

test('without any font nothing is rendered', async () => {
  await expect(renderPdf(sampleInvoice(), { fonts: [], logo: null })).rejects.toThrow(
    'a document needs a font',
  );
});
