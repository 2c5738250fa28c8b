/** A table that repeats its head on each page and optionally carries the running total over. */
import { add, type Decimal, isNegative, sum, ZERO } from '../../core/decimal.ts';
import type { Align, Sheet } from './pdf-sheet.ts';
import type { TextBlock, TextStyle } from './pdf-text.ts';
import { LABEL, RULE } from './pdf-theme.ts';

export interface CellText {
  readonly text: string;
  readonly style: TextStyle;
}

export interface TableRow {
  /** One cell per column: its texts below each other, or none if it is empty. */
  readonly cells: readonly (readonly CellText[])[];
  /** Whether the row starts a line; the detail rows below it follow without a rule. */
  readonly opens: boolean;
  /** The amount added to the running total. */
  readonly amount?: Decimal;
}

export interface Table {
  /** The first column is left-aligned and takes the remaining width. */
  readonly titles: readonly string[];
  readonly rows: readonly TableRow[];
  readonly carry?: {
    readonly forward: string;
    readonly brought: string;
    readonly format: (amount: Decimal) => string;
  };
}

const COLUMN_GAP = 14;
const PADDING = 4;
/** Share of the table's width for all columns except the first. */
const FIGURES_SHARE = 0.7;

interface Column {
  readonly x: number;
  readonly width: number;
  readonly align: Align;
}

interface LaidRow {
  readonly cells: readonly (readonly TextBlock[])[];
  readonly height: number;
  readonly opens: boolean;
  readonly amount: Decimal;
}

export function drawTable(sheet: Sheet, table: Table): void {
  const columns = placeColumns(sheet, table);
  const lay = (row: TableRow): LaidRow => layRow(sheet, columns, row);
  const head = lay({ opens: false, cells: table.titles.map((text) => [{ text, style: LABEL }]) });
  const carriedRow = (label: string, amount: Decimal): LaidRow =>
    lay(rowOfCarry(columns.length, label, table.carry?.format(amount) ?? ''));

  const rows = table.rows.map(lay);
  const carryHeight = table.carry ? carriedRow(table.carry.forward, ZERO).height : 0;
  const needs = (index: number): number =>
    (rows[index]?.height ?? 0) + (index === rows.length - 1 ? 0 : carryHeight);

  sheet.ensure(head.height + needs(0));
  drawHead(sheet, columns, head);
  let running = ZERO;
  rows.forEach((row, index) => {
    if (index > 0 && sheet.y + needs(index) > sheet.bottom) {
      if (table.carry) drawRow(sheet, columns, carriedRow(table.carry.forward, running), true);
      sheet.newPage();
      drawHead(sheet, columns, head);
      if (table.carry) drawRow(sheet, columns, carriedRow(table.carry.brought, running), false);
      drawRow(sheet, columns, row, table.carry !== undefined);
    } else drawRow(sheet, columns, row, row.opens && index > 0);
    running = add(running, row.amount);
  });
  sheet.rule(sheet.y, RULE, 0.75);
}

function rowOfCarry(columnCount: number, label: string, amount: string): TableRow {
  const empty: CellText[][] = Array.from({ length: columnCount - 2 }, () => []);
  return {
    opens: true,
    cells: [[{ text: label, style: LABEL }], ...empty, [{ text: amount, style: LABEL }]],
  };
}

function placeColumns(sheet: Sheet, table: Table): Column[] {
  const natural = table.titles.slice(1).map((title, index) => {
    const isLast = index === table.titles.length - 2;
    const cells = [
      { text: title, style: LABEL },
      ...table.rows.flatMap((row) => row.cells[index + 1] ?? []),
      ...(isLast ? widestCarries(table) : []),
    ];
    const widths = cells.map(({ text, style }) => sheet.typesetter.lineOf(text, style).width);
    // Slightly more than measured, because rounding would otherwise break the widest text.
    return Math.max(...widths) + 0.5;
  });
  const widths = fitWidths(natural, sheet.width * FIGURES_SHARE - natural.length * COLUMN_GAP);
  const first = sheet.width - widths.reduce((total, width) => total + width + COLUMN_GAP, 0);
  let x = sheet.left;
  return [first, ...widths].map((width, index) => {
    const column: Column = { x, width, align: index === 0 ? 'left' : 'right' };
    x += width + COLUMN_GAP;
    return column;
  });
}

/** The running total is never above the sum of all positive amounts, or below the sum of all negative ones. */
function widestCarries({ rows, carry }: Table): CellText[] {
  if (!carry) return [];
  const amounts = rows.map((row) => row.amount ?? ZERO);
  const bounds = [sum(amounts.filter((amount) => !isNegative(amount))), sum(amounts.filter(isNegative))];
  return bounds.map((bound) => ({ text: carry.format(bound), style: LABEL }));
}

/** Fits widths into a total: narrow columns keep theirs, the widest share the rest. */
export function fitWidths(natural: readonly number[], available: number): number[] {
  const widths = new Array<number>(natural.length).fill(0);
  const narrowFirst = natural.map((width, index) => ({ width, index })).sort((a, b) => a.width - b.width);
  let left = available;
  narrowFirst.forEach(({ width, index }, place) => {
    const fitted = Math.min(width, left / (narrowFirst.length - place));
    widths[index] = fitted;
    left -= fitted;
  });
  return widths;
}

function layRow(sheet: Sheet, columns: readonly Column[], row: TableRow): LaidRow {
  const cells = columns.map(({ width }, index) =>
    (row.cells[index] ?? []).map(({ text, style }) => sheet.typesetter.blockOf(text, style, width)),
  );
  const heights = cells.map((blocks) => blocks.reduce((height, block) => height + block.height, 0));
  const padding = row.opens ? 2 * PADDING : PADDING;
  return { cells, height: Math.max(...heights) + padding, opens: row.opens, amount: row.amount ?? ZERO };
}

function drawHead(sheet: Sheet, columns: readonly Column[], head: LaidRow): void {
  drawRow(sheet, columns, head, false);
  sheet.rule(sheet.y - 0.5, sheet.accent, 1);
}

function drawRow(sheet: Sheet, columns: readonly Column[], row: LaidRow, ruled: boolean): void {
  if (ruled) sheet.rule(sheet.y, RULE, 0.5);
  const top = sheet.y + (row.opens ? PADDING : 0);
  columns.forEach(({ x, align }, index) => {
    let y = top;
    for (const block of row.cells[index] ?? []) {
      sheet.drawBlock(block, x, y, align);
      y += block.height;
    }
  });
  sheet.y += row.height;
}
