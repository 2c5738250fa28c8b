/** Breaks texts into lines of a given width, in points. */
import { cleanText } from '../clean-text.ts';
import type { FontBook, TextRun } from './pdf-fonts.ts';

export interface TextStyle {
  readonly size: number;
  readonly color: string;
  readonly bold?: boolean;
}

export interface TextLine {
  readonly runs: readonly TextRun[];
  readonly width: number;
}

/** Lines in one style, below each other. */
export interface TextBlock {
  readonly lines: readonly TextLine[];
  readonly style: TextStyle;
  readonly width: number;
  readonly height: number;
}

export interface Typesetter {
  lineOf(text: string, style: TextStyle): TextLine;
  blockOf(text: string, style: TextStyle, width: number): TextBlock;
}

export const lineHeightOf = ({ size }: TextStyle): number => size * 1.45;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function createTypesetter(document: PDFKit.PDFDocument, fonts: FontBook): Typesetter {
  const measure = (runs: readonly TextRun[], size: number): number =>
    runs.reduce((width, { font, text }) => width + document.font(font).fontSize(size).widthOfString(text), 0);

  const setLine = (text: string, { bold = false, size }: TextStyle): TextLine => {
    const runs = fonts.runsOf(text, bold);
    return { runs, width: measure(runs, size) };
  };

  const widthOf = (text: string, style: TextStyle): number => setLine(text, style).width;

  /** Splits a word that is too long for a line between two characters. */
  function* cutWord(word: string, style: TextStyle, width: number): Generator<string> {
    let piece = '';
    let used = 0;
    for (const { segment } of graphemes.segment(word)) {
      const needed = widthOf(segment, style);
      if (piece !== '' && used + needed > width) {
        yield piece;
        piece = '';
        used = 0;
      }
      piece += segment;
      used += needed;
    }
    yield piece;
  }

  function* breakParagraph(paragraph: string, style: TextStyle, width: number): Generator<string> {
    if (widthOf(paragraph, style) <= width) {
      yield paragraph;
      return;
    }
    const space = widthOf(' ', style);
    let line = '';
    let used = 0;
    for (const word of paragraph.split(' ')) {
      const needed = widthOf(word, style);
      if (line !== '' && used + space + needed <= width) {
        line += ` ${word}`;
        used += space + needed;
        continue;
      }
      if (line !== '') yield line;
      const pieces = needed <= width ? [word] : [...cutWord(word, style, width)];
      line = pieces.pop() ?? '';
      yield* pieces;
      used = widthOf(line, style);
    }
    yield line;
  }

  return {
    lineOf: (text, style) => setLine(cleanText(text).replaceAll('\n', ' '), style),
    blockOf(text, style, width) {
      const paragraphs = cleanText(text).split('\n');
      const lines = paragraphs
        .flatMap((paragraph) => [...breakParagraph(paragraph, style, width)])
        .map((line) => setLine(line, style));
      return { lines, style, width, height: lines.length * lineHeightOf(style) };
    },
  };
}
