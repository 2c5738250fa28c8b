/** The head of a document: title and logo, facts, seller and buyer, headline amount. */
import type { DocumentModel, Party } from '../document-model.ts';
import { headFactsOf, headlineOf, partyLinesOf, titleOf } from '../format-document.ts';
import { languageOf } from '../languages/index.ts';
import type { Sheet } from './pdf-sheet.ts';
import { lineHeightOf, type TextBlock } from './pdf-text.ts';
import { BODY, HEADLINE, LABEL, QUIET, STRONG, TITLE } from './pdf-theme.ts';

const FACT_LABEL_WIDTH = 110;
const GAP = 15;
const PARTY_GAP = 24;

export interface HeadOptions {
  /** The size of the logo at the right. */
  readonly logo: { readonly width: number; readonly height: number } | null;
  readonly showsPeriod: boolean;
}

export function drawHead(sheet: Sheet, model: DocumentModel, { logo, showsPeriod }: HeadOptions): void {
  const { typesetter, left } = sheet;
  const logoBottom = sheet.y + (logo?.height ?? 0);
  const width = sheet.width - (logo ? logo.width + GAP : 0);
  sheet.flowBlock(typesetter.blockOf(titleOf(model), TITLE, width), left);
  sheet.y += 8;

  for (const { label, value } of headFactsOf(model, showsPeriod)) {
    const labelBlock = typesetter.blockOf(label, QUIET, FACT_LABEL_WIDTH);
    const valueBlock = typesetter.blockOf(value, BODY, width - FACT_LABEL_WIDTH - 8);
    const height = Math.max(labelBlock.height, valueBlock.height);
    sheet.ensure(height);
    sheet.drawBlock(labelBlock, left, sheet.y);
    sheet.drawBlock(valueBlock, left + FACT_LABEL_WIDTH + 8, sheet.y);
    sheet.y += height + 1;
  }
  sheet.y = Math.max(sheet.y, logoBottom) + GAP;

  drawParties(sheet, model);
  sheet.y += GAP;

  const headline = typesetter.blockOf(headlineOf(model), HEADLINE, sheet.width);
  sheet.flowBlock(headline, left);
  const { intro } = model.templates.pdf;
  if (intro) {
    sheet.y += 6;
    sheet.flowBlock(typesetter.blockOf(intro, BODY, sheet.width), left);
  }
  sheet.y += GAP;
}

function drawParties(sheet: Sheet, model: DocumentModel): void {
  const language = languageOf(model.language);
  const width = (sheet.width - PARTY_GAP) / 2;
  const blocksOf = (label: string, party: Party): TextBlock[] => [
    sheet.typesetter.blockOf(label, LABEL, width),
    sheet.typesetter.blockOf(party.legal_name, STRONG, width),
    ...partyLinesOf(language, party).map((line) => sheet.typesetter.blockOf(line, BODY, width)),
  ];
  const columns = [
    { x: sheet.left, blocks: blocksOf(language.texts.seller, model.seller) },
    { x: sheet.left + width + PARTY_GAP, blocks: blocksOf(language.texts.buyer, model.buyer) },
  ].map(({ x, blocks }) => ({
    x,
    lines: blocks.flatMap(({ lines, style }) => lines.map((line) => ({ line, style }))),
  }));

  const step = lineHeightOf(BODY);
  const count = Math.max(...columns.map(({ lines }) => lines.length));
  for (let index = 0; index < count; index++) {
    sheet.ensure(step);
    for (const { x, lines } of columns) {
      const entry = lines[index];
      if (entry) sheet.drawLine(entry.line, entry.style, { x, y: sheet.y, width });
    }
    sheet.y += step;
  }
}
