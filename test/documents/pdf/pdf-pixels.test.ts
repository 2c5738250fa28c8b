/** What a PDF looks like: text that can be extracted from a file may still be drawn as boxes, or not at all. */
import PDFDocument from 'pdfkit';
import { describe, expect, test } from 'vitest';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { renderPdf } from '../../../src/documents/pdf/render-pdf.ts';
import { SAMPLE_JPEG, samplePng } from '../sample-logo.ts';
import { FONTS, sampleInvoice, sampleLine } from '../sample-model.ts';
import {
  type Area,
  type Bitmap,
  countPixels,
  findInk,
  renderPage,
  SCALE,
  shapeDistance,
  shapeOf,
} from './pdf-pages.ts';

const render = (model: DocumentModel, logo: Uint8Array | null = null): Promise<Uint8Array> =>
  renderPdf(model, { fonts: FONTS, logo });

const isColour =
  (colour: readonly [number, number, number], tolerance = 8) =>
  (...pixel: readonly number[]): boolean =>
    pixel.every((part, index) => Math.abs(part - (colour[index] ?? 0)) <= tolerance);

const LEFT = 46 * SCALE;
const ACCENT = '#00aa55';
const isAccent = isColour([0x00, 0xaa, 0x55]);

/** The table lines with these names, as boxes of ink; all on one page. */
async function drawNames(names: readonly string[]): Promise<{ bitmap: Bitmap; boxes: Area[] }> {
  const { seller, buyer } = sampleInvoice();
  const party = { address: null, tax_ids: [], email: null };
  const model = sampleInvoice({
    seller: { ...seller, ...party },
    buyer: { ...buyer, ...party },
    lines: names.map((name) => sampleLine({ name })),
    discounts: [],
    taxes: [],
    legal_notes: [],
    payment_instructions: null,
    templates: { html: null, pdf: { accent_color: ACCENT } },
  });
  const bitmap = await renderPage(await render(model), 0);
  const column = {
    left: LEFT,
    right: LEFT + 100 * SCALE,
    top: 40 * SCALE,
    bottom: bitmap.height - 60 * SCALE,
  };
  // The first accent-coloured rule below the bar is the one under the table head.
  let top = column.top;
  while (!isAccent(...bitmap.at(LEFT + 20 * SCALE, top)) && top < column.bottom) top += 1;
  return { bitmap, boxes: findInk(bitmap, { ...column, top: top + 2 * SCALE }) };
}

const shapesOf = async (names: readonly string[]): Promise<boolean[][]> => {
  const { bitmap, boxes } = await drawNames(names);
  expect(boxes).toHaveLength(names.length);
  return boxes.map((box) => shapeOf(bitmap, box));
};

/** The shape of the missing-glyph box, in the same font and size. */
async function shapeOfMissing(text: string): Promise<boolean[]> {
  const document = new PDFDocument({ font: null as unknown as string });
  document.font(FONTS[0]?.bytes as Buffer).fontSize(9);
  document.fillColor('#1a1f36').text(text, 50, 50, { lineBreak: false });
  document.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of document) chunks.push(chunk);
  const bitmap = await renderPage(new Uint8Array(Buffer.concat(chunks)), 0);
  const area = { left: 40 * SCALE, right: 200 * SCALE, top: 40 * SCALE, bottom: 80 * SCALE };
  const box = findInk(bitmap, area)[0];
  if (!box) throw new Error('nothing was drawn');
  return shapeOf(bitmap, box);
}

describe('glyphs', () => {
  const LETTERS = [...'₹€£¥$ПвЖΩήλỆếßłæ', 'न', 'म', 'स्ते', 'क्षे', 'त्र'];

  test('each letter is drawn, as itself: neither as the box of a missing glyph nor as another letter', async () => {
    const missing = await shapeOfMissing('你');
    expect(shapeDistance(missing, await shapeOfMissing('好'))).toBeLessThanOrEqual(2);
    const shapes = await shapesOf(LETTERS);
    shapes.forEach((shape, index) => {
      expect(shapeDistance(shape, missing), LETTERS[index]).toBeGreaterThan(12);
      for (const other of shapes.slice(index + 1)) expect(shapeDistance(shape, other)).toBeGreaterThan(8);
    });
  });

  test('the same letter has the same shape anywhere: what the distances stand on', async () => {
    const [first, ...others] = await shapesOf(['Ж', 'Ж', 'Ж']);
    for (const other of others) expect(shapeDistance(first ?? [], other)).toBeLessThanOrEqual(4);
  });

  test('whole words are drawn where they belong, in a width that all their letters need', async () => {
    const words = ['₹ 1,234.50', '€', '£', '¥', 'Привет', 'Ελληνικά', 'Tiếng Việt', 'नमस्ते क्षेत्र'];
    const { boxes } = await drawNames(words);
    const widths = boxes.map(({ left, right }) => Math.round((right - left) / SCALE));
    for (const { left } of boxes) expect(left / SCALE).toBeCloseTo(48.5, -0.5);
    const [rupees, euro, , , russian, greek, vietnamese, hindi] = widths;
    expect(rupees).toBeGreaterThan(40);
    expect(euro).toBeLessThan(7);
    for (const width of [russian, greek, vietnamese, hindi]) expect(width).toBeGreaterThan(28);
  });

  test('Devanagari is shaped: conjuncts are narrower than their letters, the sign of i stands first', async () => {
    const { bitmap, boxes } = await drawNames(['त्र', 'तर', 'क्ष', 'कष', 'कि', 'क', 'की']);
    const widths = boxes.map(({ left, right }) => right - left);
    const [tra = 0, ta_ra = 0, ksha = 0, ka_sha = 0] = widths;
    expect(tra).toBeLessThan(ta_ra * 0.75);
    expect(ksha).toBeLessThan(ka_sha * 0.75);
    // Without the vowel sign, the right part of कि and the left part of की are क.
    const [ki, ka, kii] = boxes.slice(4);
    if (!ki || !ka || !kii) throw new Error('a word is missing');
    const width = ka.right - ka.left;
    const body = (box: Area, left: number): boolean[] =>
      shapeOf(bitmap, {
        left,
        right: left + width,
        bottom: box.bottom,
        top: box.bottom - (ka.bottom - ka.top),
      });
    const alone = body(ka, ka.left);
    expect(shapeDistance(body(ki, ki.right - width), alone)).toBeLessThan(
      shapeDistance(body(ki, ki.left), alone),
    );
    expect(shapeDistance(body(kii, kii.left), alone)).toBeLessThan(
      shapeDistance(body(kii, kii.right - width), alone),
    );
  });
});

describe('looks', () => {
  const corner = (bitmap: Bitmap): Area => ({
    left: bitmap.width - 210 * SCALE,
    right: bitmap.width,
    top: 40 * SCALE,
    bottom: 100 * SCALE,
  });

  test('the logo is at the right of the head, in its colours and its shape', async () => {
    const isRed = isColour([200, 30, 30]);
    const bitmap = await renderPage(await render(sampleInvoice(), samplePng(40, 10, [200, 30, 30])), 0);
    // 40 × 10 in a box of 150 × 48 points: 150 × 37.5.
    const pixels = countPixels(bitmap, corner(bitmap), isRed) / SCALE ** 2;
    expect(pixels).toBeGreaterThan(150 * 37.5 * 0.97);
    expect(pixels).toBeLessThan(150 * 37.5 * 1.03);
    const without = await renderPage(await render(sampleInvoice()), 0);
    expect(countPixels(without, corner(without), isRed)).toBe(0);
  });

  test('half transparent parts of a logo let the paper through', async () => {
    const bitmap = await renderPage(await render(sampleInvoice(), samplePng(40, 40, [200, 0, 0, 128])), 0);
    expect(countPixels(bitmap, corner(bitmap), isColour([227, 127, 127])) / SCALE ** 2).toBeGreaterThan(
      2_000,
    );
  });

  test('a JPEG is a logo too', async () => {
    const bitmap = await renderPage(await render(sampleInvoice(), SAMPLE_JPEG), 0);
    expect(countPixels(bitmap, corner(bitmap), isColour([48, 86, 211], 24)) / SCALE ** 2).toBeGreaterThan(
      3_000,
    );
  });

  test('the settings can leave the logo out', async () => {
    const model = sampleInvoice({ templates: { html: null, pdf: { show_logo: false } } });
    const bitmap = await renderPage(await render(model, samplePng(40, 10, [200, 30, 30])), 0);
    expect(countPixels(bitmap, corner(bitmap), isColour([200, 30, 30]))).toBe(0);
  });

  test('the bar at the top has the accent’s colour over the whole width; a wrong colour falls back', async () => {
    const bar = (bitmap: Bitmap): Area => ({ left: 0, right: bitmap.width, top: 0, bottom: 5 * SCALE });
    const coloured = async (accent_color: string): Promise<Bitmap> =>
      renderPage(await render(sampleInvoice({ templates: { html: null, pdf: { accent_color } } })), 0);
    const green = await coloured(ACCENT);
    expect(countPixels(green, bar(green), isAccent)).toBe(green.width * 5 * SCALE);
    const fallback = await coloured('red');
    expect(countPixels(fallback, bar(fallback), isColour([0x30, 0x56, 0xd3]))).toBe(
      fallback.width * 5 * SCALE,
    );
  });

  test('nothing is drawn over the margins, however long the texts are', async () => {
    const name = 'W'.repeat(255);
    const long = '12345678901234567890123456.123456789012';
    const { buyer } = sampleInvoice();
    const model = sampleInvoice({
      number: 'WWWWWWWWWWWWWWWW',
      total: '123456789012345678901234567890.12',
      buyer: { ...buyer, legal_name: name },
      lines: [sampleLine({ name, unit: name, quantity: long, unit_price: long, hsn_sac: '99831512' })],
      discounts: [{ description: name, percentage: '12.5', amount: '1.00' }],
      payment_instructions: name,
    });
    const bytes = await render(model);
    const isInk = (red: number, green: number, blue: number): boolean => red + green + blue < 600;
    for (const index of [0, 1]) {
      const bitmap = await renderPage(bytes, index);
      const sides = { top: 10 * SCALE, bottom: bitmap.height };
      const margin = 47 * SCALE;
      expect(countPixels(bitmap, { ...sides, left: 0, right: margin }, isInk)).toBe(0);
      expect(countPixels(bitmap, { ...sides, left: bitmap.width - margin, right: bitmap.width }, isInk)).toBe(
        0,
      );
    }
  });

  test.each([
    ['A4', 595, 842],
    ['LETTER', 612, 792],
  ] as const)('paper: %s', async (paper, width, height) => {
    const bitmap = await renderPage(
      await render(sampleInvoice({ templates: { html: null, pdf: { paper } } })),
      0,
    );
    expect(Math.abs(bitmap.width / SCALE - width)).toBeLessThanOrEqual(1);
    expect(Math.abs(bitmap.height / SCALE - height)).toBeLessThanOrEqual(1);
  });
});
