/**
 * Renders the PDF of an invoice or credit note. The same model gives the same bytes, wherever and whenever it is
 * rendered.
 */

import { type LogoSize, readLogo } from '../../core/logo.ts';
import type { FontFile } from '../../core/ports.ts';
import { cleanText } from '../clean-text.ts';
import { type DocumentModel, FOOTER_LINES_MAX, PDF_BLOCKS, type PdfBlock } from '../document-model.ts';
import { titleOf } from '../format-document.ts';
import { fillText } from '../format-numbers.ts';
import { languageOf } from '../languages/index.ts';
import { openFontBook } from './pdf-fonts.ts';
import { drawHead } from './pdf-head.ts';
import { drawLines } from './pdf-lines.ts';
import { createSheet, type Sheet, TOP } from './pdf-sheet.ts';
import { createTypesetter, lineHeightOf, type TextBlock, type Typesetter } from './pdf-text.ts';
import { DEFAULT_ACCENT, RULE, SMALL } from './pdf-theme.ts';
import {
  drawConversions,
  drawLegalNotes,
  drawNotes,
  drawPayment,
  drawTaxSummary,
  drawTotals,
  drawUnpriced,
} from './pdf-totals.ts';

export interface PdfAssets {
  /** In the order in which they are tried; names of bold fonts end in `-Bold`. */
  readonly fonts: readonly FontFile[];
  /** The file of `model.logo`. */
  readonly logo: Uint8Array | null;
}

const ACCENT = /^#[0-9a-f]{6}$/i;
const LOGO_BOX = { width: 150, height: 48 };
const BAR_HEIGHT = 6;
/** The body width of the narrower paper: the footer is laid out before the first page exists. */
const FOOTER_WIDTH = 499;

/** Throws MissingGlyphsError and UnusableLogoError before it returns any bytes. */
export async function renderPdf(model: DocumentModel, assets: PdfAssets): Promise<Uint8Array> {
  const settings = model.templates.pdf;
  const showsLogo = assets.logo !== null && settings.show_logo !== false;
  const logo = showsLogo && assets.logo ? { bytes: assets.logo, size: await readLogo(assets.logo) } : null;

  const document = await openDocument(model);
  const fonts = openFontBook(document, assets.fonts);
  const typesetter = createTypesetter(document, fonts);
  const accent = ACCENT.test(settings.accent_color ?? '') ? (settings.accent_color ?? '') : DEFAULT_ACCENT;
  const footer = footerOf(typesetter, model);
  const sheet = createSheet(document, { typesetter, accent, footerHeight: footer?.height ?? 0 });

  document.rect(0, 0, document.page.width, BAR_HEIGHT).fill(accent);
  drawBody(sheet, model, logo && fitInto(LOGO_BOX, logo.size));
  drawFooters(document, sheet, model, footer);
  fonts.assertComplete();
  if (logo) drawLogo(document, sheet, logo);
  return collect(document);
}

/** Loads pdfkit with the first document: most requests in an isolate render none. */
async function openDocument(model: DocumentModel): Promise<PDFKit.PDFDocument> {
  const { default: PDFDocument } = await import('pdfkit');
  return new PDFDocument({
    autoFirstPage: false,
    bufferPages: true,
    // Disables the library's default font, which it would read from files.
    font: null as unknown as string,
    size: model.templates.pdf.paper ?? 'A4',
    margin: 0,
    lang: model.language,
    pdfVersion: '1.7',
    displayTitle: true,
    info: {
      Title: cleanText(model.number),
      Author: cleanText(model.seller.legal_name),
      Subject: titleOf(model),
      Creator: 'Meterbook',
      Producer: 'Meterbook',
      CreationDate: new Date(`${model.issue_date}T00:00:00Z`),
    },
  });
}

function drawBody(sheet: Sheet, model: DocumentModel, logo: LogoSize | null): void {
  const blocks = model.templates.pdf.blocks ?? PDF_BLOCKS;
  const shows = (block: PdfBlock): boolean => blocks.includes(block);
  drawHead(sheet, model, { logo, showsPeriod: shows('period') });
  drawLines(sheet, model, shows('tiers'));
  drawTotals(sheet, model, shows);
  if (shows('tax_summary')) drawTaxSummary(sheet, model);
  if (shows('conversion')) drawConversions(sheet, model);
  drawUnpriced(sheet, model);
  drawLegalNotes(sheet, model);
  if (shows('payment')) drawPayment(sheet, model);
  if (shows('notes')) drawNotes(sheet, model);
}

const fitInto = (box: LogoSize, { width, height }: LogoSize): LogoSize => {
  const scale = Math.min(box.width / width, box.height / height);
  return { width: width * scale, height: height * scale };
};

function drawLogo(
  document: PDFKit.PDFDocument,
  sheet: Sheet,
  { bytes, size }: { bytes: Uint8Array; size: LogoSize },
): void {
  const { width, height } = fitInto(LOGO_BOX, size);
  document.switchToPage(0);
  document.image(bytes.slice().buffer, sheet.right - width, TOP, { width, height });
}

function footerOf(typesetter: Typesetter, model: DocumentModel): TextBlock | null {
  const { footer } = model.templates.pdf;
  if (!footer) return null;
  const block = typesetter.blockOf(footer, SMALL, FOOTER_WIDTH);
  // Long lines wrap; lines beyond the limit are dropped.
  const lines = block.lines.slice(0, FOOTER_LINES_MAX);
  return { ...block, lines, height: lines.length * lineHeightOf(SMALL) };
}

function drawFooters(
  document: PDFKit.PDFDocument,
  sheet: Sheet,
  model: DocumentModel,
  footer: TextBlock | null,
): void {
  const { texts } = languageOf(model.language);
  const { count } = document.bufferedPageRange();
  const name = sheet.typesetter.lineOf(`${titleOf(model)} ${model.number}`, SMALL);
  for (let index = 0; index < count; index++) {
    document.switchToPage(index);
    const page = fillText(texts.page_of, { page: String(index + 1), pages: String(count) });
    const y = sheet.bottom + 10;
    const box = { x: sheet.left, y: y + 6, width: sheet.width };
    sheet.rule(y, RULE, 0.75);
    sheet.drawLine(name, SMALL, box);
    sheet.drawLine(sheet.typesetter.lineOf(page, SMALL), SMALL, { ...box, align: 'right' });
    if (footer) sheet.drawBlock(footer, sheet.left, box.y + lineHeightOf(SMALL));
  }
}

async function collect(document: PDFKit.PDFDocument): Promise<Uint8Array> {
  document.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of document) chunks.push(chunk);
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
