/** The pages. Drawing moves down from `y` and continues on a new page if needed. In points, from the top left. */
import { lineHeightOf, type TextBlock, type TextLine, type TextStyle, type Typesetter } from './pdf-text.ts';

export const MARGIN = 48;
export const TOP = 42;
/** Space below the body for the page number. */
const FOOT = 50;
/** Distance from the top of a line to its baseline, as a factor of the font size. */
const ASCENT = 1.07;

export type Align = 'left' | 'right';

export interface Sheet {
  readonly typesetter: Typesetter;
  readonly accent: string;
  readonly left: number;
  readonly right: number;
  readonly width: number;
  /** The bottom edge of the body. */
  readonly bottom: number;
  y: number;
  newPage(): void;
  /** Starts a new page if less than this height is left. */
  ensure(height: number): void;
  drawLine(line: TextLine, style: TextStyle, at: Box): void;
  /** Draws at a position without changing `y`; the caller ensures that it fits. */
  drawBlock(block: TextBlock, x: number, y: number, align?: Align): void;
  /** Draws at `y`, line by line, over as many pages as needed. */
  flowBlock(block: TextBlock, x: number): void;
  rule(y: number, color: string, thickness: number, left?: number, right?: number): void;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly align?: Align;
}

export interface SheetOptions {
  readonly typesetter: Typesetter;
  readonly accent: string;
  readonly footerHeight: number;
}

export function createSheet(document: PDFKit.PDFDocument, options: SheetOptions): Sheet {
  const { typesetter } = options;
  document.addPage();
  const { width: pageWidth, height: pageHeight } = document.page;

  const sheet: Sheet = {
    typesetter,
    accent: options.accent,
    left: MARGIN,
    right: pageWidth - MARGIN,
    width: pageWidth - 2 * MARGIN,
    bottom: pageHeight - FOOT - options.footerHeight,
    y: TOP,
    newPage() {
      document.addPage();
      sheet.y = TOP;
    },
    ensure(height) {
      if (sheet.y + height > sheet.bottom) sheet.newPage();
    },
    drawLine(line, style, { x, y, width, align = 'left' }) {
      const baseline = y + style.size * ASCENT;
      let at = align === 'left' ? x : x + width - line.width;
      document.fillColor(style.color).fontSize(style.size);
      for (const { font, text } of line.runs) {
        document.font(font);
        document.text(text, at, baseline, { lineBreak: false, baseline: 'alphabetic' });
        at += document.widthOfString(text);
      }
    },
    drawBlock(block, x, y, align = 'left') {
      const step = lineHeightOf(block.style);
      block.lines.forEach((line, index) => {
        sheet.drawLine(line, block.style, { x, y: y + index * step, width: block.width, align });
      });
    },
    flowBlock(block, x) {
      const step = lineHeightOf(block.style);
      for (const line of block.lines) {
        sheet.ensure(step);
        sheet.drawLine(line, block.style, { x, y: sheet.y, width: block.width });
        sheet.y += step;
      }
    },
    rule(y, color, thickness, left = sheet.left, right = sheet.right) {
      document.rect(left, y, right - left, thickness).fill(color);
    },
  };
  return sheet;
}
