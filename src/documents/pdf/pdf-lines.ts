/** The table of a document's lines, with their tiers as rows below them. */
import { decimal } from '../../core/decimal.ts';
import { formatMoney } from '../../core/money.ts';
import type { DocumentLine, DocumentModel, DocumentTier } from '../document-model.ts';
import { lineDetailsOf, priceCurrencyOf, quantityOf, tierLabelOf } from '../format-document.ts';
import { formatAmount, formatNumber, formatPercent, formatPrice } from '../format-numbers.ts';
import { languageOf } from '../languages/index.ts';
import type { Sheet } from './pdf-sheet.ts';
import { type CellText, drawTable, type TableRow } from './pdf-table.ts';
import type { TextStyle } from './pdf-text.ts';
import { BODY, SMALL } from './pdf-theme.ts';

const TIER_INDENT = '\u2003';

export function drawLines(sheet: Sheet, model: DocumentModel, showsTiers: boolean): void {
  const language = languageOf(model.language);
  const { texts } = language;
  const hasCodes = model.lines.some((line) => line.hsn_sac !== null);
  const hasTaxes = model.lines.some((line) => line.tax_rate !== null);
  const pick = <T>(description: T, code: T, quantity: T, price: T, tax: T, amount: T): T[] => [
    description,
    ...(hasCodes ? [code] : []),
    quantity,
    price,
    ...(hasTaxes ? [tax] : []),
    amount,
  ];

  const lineRow = (line: DocumentLine): TableRow => ({
    opens: true,
    amount: decimal(line.amount),
    cells: pick(
      [...cell(line.name, BODY), ...lineDetailsOf(model, line).flatMap((detail) => cell(detail, SMALL))],
      cell(line.hsn_sac, BODY),
      cell(line.quantity && quantityOf(language, line.quantity, line.unit), BODY),
      cell(line.unit_price && formatPrice(language, line.unit_price, priceCurrencyOf(model, line)), BODY),
      cell(line.tax_rate && formatPercent(language, line.tax_rate), BODY),
      cell(formatAmount(language, line.amount, model.currency), BODY),
    ),
  });
  const tierRow = (line: DocumentLine, tier: DocumentTier): TableRow => {
    const price = (text: string): string => formatPrice(language, text, priceCurrencyOf(model, line));
    return {
      opens: false,
      cells: pick(
        cell(TIER_INDENT + tierLabelOf(model, line, tier), SMALL),
        [],
        cell(formatNumber(language, tier.quantity), SMALL),
        cell(price(tier.price_per_unit), SMALL),
        [],
        cell(price(tier.amount), SMALL),
      ),
    };
  };

  drawTable(sheet, {
    titles: pick(
      texts.description,
      texts.hsn_sac,
      texts.quantity,
      texts.unit_price,
      texts.tax_rate,
      texts.amount,
    ),
    rows: model.lines.flatMap((line) => [
      lineRow(line),
      ...(showsTiers ? line.tiers.map((tier) => tierRow(line, tier)) : []),
    ]),
    carry: {
      forward: texts.carried_forward,
      brought: texts.brought_forward,
      format: (amount) => formatAmount(language, formatMoney(amount, model.currency), model.currency),
    },
  });
}

const cell = (text: string | null, style: TextStyle): CellText[] => (text === null ? [] : [{ text, style }]);
