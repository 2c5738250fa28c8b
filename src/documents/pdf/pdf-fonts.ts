/**
 * Selects the font for each character. Fonts are tried in order; bold text tries fonts whose name ends in `-Bold`
 * first. A character without a bold glyph is drawn in regular weight rather than lost.
 */
import type { FontFile } from '../../core/ports.ts';

/** A document has characters that no font can draw; nothing was rendered. */
export class MissingGlyphsError extends Error {
  /** Sorted and unique, like `U+4F60`. */
  readonly codePoints: readonly string[];

  constructor(codePoints: readonly string[]) {
    super(`no font has a glyph for ${codePoints.join(', ')}`);
    this.name = 'MissingGlyphsError';
    this.codePoints = codePoints;
  }
}

/** A run of text in one font. */
export interface TextRun {
  readonly font: string;
  readonly text: string;
}

export interface FontBook {
  runsOf(text: string, bold: boolean): readonly TextRun[];
  /** Throws MissingGlyphsError if runsOf met a character that no font has. */
  assertComplete(): void;
}

/** The internal parts of fontkit's font that pdfkit uses. */
interface ParsedFont {
  hasGlyphForCodePoint(codePoint: number): boolean;
  _tables: Record<string, unknown>;
}

// Reading a font's tables takes longer than drawing a document, so it is done once per isolate. Glyphs are not
// shared between documents: a glyph remembers the first characters it stood for, and those are written into the
// PDF.
const tablesOfFonts = new WeakMap<Uint8Array, Record<string, unknown>>();

function openFont(document: PDFKit.PDFDocument, { name, bytes }: FontFile): ParsedFont {
  document.font(name);
  const font = (document as unknown as { _font: { font: ParsedFont } })._font.font;
  const tables = tablesOfFonts.get(bytes);
  if (tables) font._tables = tables;
  else tablesOfFonts.set(bytes, font._tables);
  return font;
}

/**
 * Marks affect how their neighbours are drawn and must be shaped together with them; spaces are the same in every
 * font.
 */
const JOINS_THE_PREVIOUS = /[ \p{M}\u200c\u200d]/u;

/** Scripts with their own shaping rules. A run has at most one of them. */
const SHAPED_SCRIPTS = [
  'Devanagari',
  'Bengali',
  'Gurmukhi',
  'Gujarati',
  'Oriya',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Sinhala',
  'Thai',
  'Khmer',
  'Myanmar',
  'Arabic',
  'Hebrew',
].map((script) => new RegExp(`\\p{Script=${script}}`, 'u'));

const LAST_SIMPLE_CODE_POINT = 0x058f;
const NO_SCRIPT = -1;

const shapedScriptOf = (character: string, codePoint: number): number =>
  codePoint <= LAST_SIMPLE_CODE_POINT
    ? NO_SCRIPT
    : SHAPED_SCRIPTS.findIndex((script) => script.test(character));

interface Place {
  readonly font: string;
  readonly script: number;
}

export function openFontBook(document: PDFKit.PDFDocument, fonts: readonly FontFile[]): FontBook {
  if (fonts.length === 0) throw new Error('a document needs a font');
  for (const { name, bytes } of fonts) document.registerFont(name, bytes as Buffer);
  const parsedFonts = new Map<string, ParsedFont>();
  const parsedOf = (font: FontFile): ParsedFont => {
    const parsed = parsedFonts.get(font.name) ?? openFont(document, font);
    parsedFonts.set(font.name, parsed);
    return parsed;
  };

  const isBold = ({ name }: FontFile): boolean => name.endsWith('-Bold');
  const regularFirst = [...fonts.filter((font) => !isBold(font)), ...fonts.filter(isBold)];
  const boldFirst = [...fonts.filter(isBold), ...fonts.filter((font) => !isBold(font))];
  const places = { regular: new Map<number, Place>(), bold: new Map<number, Place>() };
  const missing = new Set<number>();

  const placeOf = (character: string, codePoint: number, bold: boolean): Place => {
    const known = bold ? places.bold : places.regular;
    const place = known.get(codePoint);
    if (place) return place;
    const order = bold ? boldFirst : regularFirst;
    const found = order.find((font) => parsedOf(font).hasGlyphForCodePoint(codePoint));
    if (!found) missing.add(codePoint);
    const script = shapedScriptOf(character, codePoint);
    const newPlace = { font: (found ?? order[0])?.name ?? '', script };
    known.set(codePoint, newPlace);
    return newPlace;
  };

  const covers = (name: string, codePoint: number): boolean =>
    parsedFonts.get(name)?.hasGlyphForCodePoint(codePoint) ?? false;

  return {
    runsOf(text, bold) {
      const runs: TextRun[] = [];
      let run = null as (Place & { text: string }) | null;
      for (const character of text) {
        const codePoint = character.codePointAt(0) as number;
        const joins: boolean = JOINS_THE_PREVIOUS.test(character);
        if (run && joins && covers(run.font, codePoint)) {
          run.text += character;
          continue;
        }
        const { font, script } = placeOf(character, codePoint, bold);
        if (run?.font === font && run.script === script) run.text += character;
        else {
          run = { font, script, text: character };
          runs.push(run);
        }
      }
      return runs;
    },
    assertComplete() {
      if (missing.size === 0) return;
      const codePoints = [...missing].sort((a, b) => a - b);
      throw new MissingGlyphsError(codePoints.map(writeCodePoint));
    },
  };
}

const writeCodePoint = (codePoint: number): string =>
  `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
