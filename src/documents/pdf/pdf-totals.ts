/** Everything after the lines: the totals, the tables of taxes and conversions, and the notes. */
import type { DocumentModel, PdfBlock } from '../document-model.ts';
import {
  conversionTextOf,
  discountLabelOf,
  legalTextsOf,
  quantityOf,
  taxCountryOf,
  taxLabelOf,
  taxNameOf,
  taxRateOf,
} from '../format-document.ts';
import { fillText, formatAmount, formatDay, negated } from '../format-numbers.ts';
import { languageOf } from '../languages/index.ts';
import { type Sheet, TOP } from './pdf-sheet.ts';
import { type CellText, drawTable, type TableRow } from './pdf-table.ts';
import { lineHeightOf, type TextBlock, type TextStyle } from './pdf-text.ts';
import { BODY, QUIET, RULE, SMALL, STRONG, TOTAL } from './pdf-theme.ts';

const TOTALS_SHARE = 0.52;
const SECTION_GAP = 16;

export function drawTotals(sheet: Sheet, model: DocumentModel, shows: (block: PdfBlock) => boolean): void {
  const rows = totalRowsOf(sheet, model, shows('tax_summary'));
  const height = rows.reduce((sum, row) => sum + row.height, 0);
  const isSmall = height < (sheet.bottom - TOP) / 2;
  sheet.y += 6;
  if (isSmall) sheet.ensure(height);
  for (const row of rows) {
    sheet.ensure(row.height);
    if (row.ruled) sheet.rule(sheet.y + 2, RULE, 0.75, row.x);
    const y = sheet.y + (row.ruled ? 8 : 4);
    sheet.drawBlock(row.label, row.x, y);
    sheet.drawBlock(row.amount, sheet.right - row.amount.width, y, 'right');
    sheet.y += row.height;
  }
}

interface TotalRow {
  readonly label: TextBlock;
  readonly amount: TextBlock;
  readonly x: number;
  readonly height: number;
  readonly ruled: boolean;
}

function totalRowsOf(sheet: Sheet, model: DocumentModel, hasTaxSummary: boolean): TotalRow[] {
  const language = languageOf(model.language);
  const { texts } = language;
  const { typesetter } = sheet;
  const width = sheet.width * TOTALS_SHARE;
  const money = (text: string): string => formatAmount(language, text, model.currency);
  const row = (label: string, text: string, style: TextStyle, ruled = false): TotalRow => {
    const amountWidth = Math.min(typesetter.lineOf(text, style).width + 0.5, width * 0.7);
    const labelBlock = typesetter.blockOf(label, style, width - amountWidth - 12);
    const amount = typesetter.blockOf(text, style, amountWidth);
    const height = Math.max(labelBlock.height, amount.height) + (ruled ? 10 : 5);
    return { label: labelBlock, amount, x: sheet.right - width, height, ruled };
  };

  const discounts = model.discounts.map((discount) =>
    row(discountLabelOf(language, discount), money(negated(discount.amount)), BODY),
  );
  const taxes = model.taxes.map((tax) => {
    const label = taxLabelOf(model, tax);
    const taxable = money(tax.taxable_amount);
    return row(
      hasTaxSummary ? label : fillText(texts.tax_on, { tax: label, taxable }),
      money(tax.amount),
      BODY,
    );
  });
  const total = model.kind === 'invoice' ? texts.total : texts.total_credit;
  return [
    row(texts.subtotal, money(model.subtotal), BODY),
    ...discounts,
    ...taxes,
    row(`${total} (${model.currency})`, money(model.total), TOTAL, true),
  ];
}

const cell = (text: string, style: TextStyle = BODY): CellText[] => [{ text, style }];
const rowOf = (...texts: string[]): TableRow => ({ opens: true, cells: texts.map((text) => cell(text)) });

export function drawTaxSummary(sheet: Sheet, model: DocumentModel): void {
  if (model.taxes.length === 0) return;
  const language = languageOf(model.language);
  const { texts } = language;
  const money = (text: string): string => formatAmount(language, text, model.currency);
  drawSectionTitle(sheet, texts.tax_summary);
  drawTable(sheet, {
    titles: [texts.tax, texts.rate_of_tax, texts.taxable_amount, texts.tax_amount],
    rows: model.taxes.map((tax) =>
      rowOf(
        taxNameOf(model, tax) + inBrackets(taxCountryOf(model, tax)),
        taxRateOf(model, tax),
        money(tax.taxable_amount),
        money(tax.amount),
      ),
    ),
  });
}

const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`);

export function drawConversions(sheet: Sheet, model: DocumentModel): void {
  if (model.conversions.length === 0) return;
  const language = languageOf(model.language);
  const { texts } = language;
  drawSectionTitle(sheet, texts.conversion);
  drawTable(sheet, {
    titles: [texts.source, texts.date, texts.exchange_rate],
    rows: model.conversions.map((conversion) =>
      rowOf(
        conversion.source,
        formatDay(language, conversion.conversion_date),
        conversionTextOf(model, conversion),
      ),
    ),
  });
}

export function drawUnpriced(sheet: Sheet, model: DocumentModel): void {
  if (model.unpriced.length === 0) return;
  const language = languageOf(model.language);
  const { texts } = language;
  drawSectionTitle(sheet, texts.unpriced);
  drawTable(sheet, {
    titles: [texts.description, texts.quantity],
    rows: model.unpriced.map(({ metric_name, unit, quantity }) =>
      rowOf(metric_name, quantityOf(language, quantity, unit)),
    ),
  });
}

export function drawLegalNotes(sheet: Sheet, model: DocumentModel): void {
  const notes = legalTextsOf(model);
  if (notes.length === 0) return;
  sheet.y += SECTION_GAP;
  for (const note of notes) sheet.flowBlock(sheet.typesetter.blockOf(note, BODY, sheet.width), sheet.left);
}

export function drawPayment(sheet: Sheet, model: DocumentModel): void {
  if (model.payment_instructions === null || model.kind !== 'invoice') return;
  const language = languageOf(model.language);
  const { texts } = language;
  drawSectionTitle(sheet, texts.payment);
  if (model.due_date !== null) {
    const due = `${texts.due_date}: ${formatDay(language, model.due_date)}`;
    sheet.flowBlock(sheet.typesetter.blockOf(due, BODY, sheet.width), sheet.left);
  }
  sheet.flowBlock(sheet.typesetter.blockOf(model.payment_instructions, BODY, sheet.width), sheet.left);
}

export function drawNotes(sheet: Sheet, model: DocumentModel): void {
  const { notes } = model.templates.pdf;
  if (!notes) return;
  drawSectionTitle(sheet, languageOf(model.language).texts.notes);
  sheet.flowBlock(sheet.typesetter.blockOf(notes, QUIET, sheet.width), sheet.left);
}

/** Keeps a title from standing alone at the foot of a page. */
function drawSectionTitle(sheet: Sheet, title: string): void {
  sheet.y += SECTION_GAP;
  sheet.ensure(lineHeightOf(STRONG) + 4 * lineHeightOf(SMALL));
  sheet.flowBlock(sheet.typesetter.blockOf(title, STRONG, sheet.width), sheet.left);
  sheet.y += 3;
}
