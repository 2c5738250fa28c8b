/** A font with glyphs for chosen characters only: another font's glyphs under our own `cmap`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { randomBytes } from '../../setup/seeded.ts';

// Not a built-in font: the PDF library takes two fonts with one PostScript name for the same font.
const OTHER = createRequire(import.meta.url).resolve(
  '@expo-google-fonts/noto-sans/600SemiBold/NotoSans_600SemiBold.ttf',
);

const HEADER_BYTES = 12;
const RECORD_BYTES = 16;

/** OpenType's `cmap` format 12: one group of consecutive characters for each given character. */
function cmapOf(codePoints: readonly number[], firstGlyph: number): Buffer {
  const sorted = [...codePoints].sort((a, b) => a - b);
  const table = Buffer.alloc(12 + 16 + sorted.length * 12);
  table.writeUInt16BE(1, 2);
  table.writeUInt16BE(3, 4);
  table.writeUInt16BE(10, 6);
  table.writeUInt32BE(12, 8);
  table.writeUInt16BE(12, 12);
  table.writeUInt32BE(table.length - 12, 16);
  table.writeUInt32BE(sorted.length, 24);
  sorted.forEach((codePoint, index) => {
    const at = 28 + index * 12;
    table.writeUInt32BE(codePoint, at);
    table.writeUInt32BE(codePoint, at + 4);
    table.writeUInt32BE(firstGlyph + index, at + 8);
  });
  return table;
}

const POSTSCRIPT_NAME = 'NotoSans-SemiBold';

/** Under a unique name: several suites add fonts, and fonts with the same name would be one font. */
function renamed(names: Buffer): Buffer {
  const own = `Test${randomBytes(8).toString('hex')}`.slice(0, POSTSCRIPT_NAME.length);
  const found = Buffer.from(names);
  for (const encoding of ['latin1', 'utf16le'] as const) {
    const [from, to] = [POSTSCRIPT_NAME, own].map((name) => {
      const bytes = Buffer.from(name, encoding);
      return encoding === 'utf16le' ? bytes.swap16() : bytes;
    });
    if (!from || !to) continue;
    for (let at = found.indexOf(from); at >= 0; at = found.indexOf(from, at + 1)) to.copy(found, at);
  }
  return found;
}

export function fontOf(text: string): Uint8Array<ArrayBuffer> {
  const source = readFileSync(OTHER);
  const records = Array.from({ length: source.readUInt16BE(4) }, (_, index) => {
    const at = HEADER_BYTES + index * RECORD_BYTES;
    const tag = source.toString('latin1', at, at + 4);
    const offset = source.readUInt32BE(at + 8);
    return { tag, data: source.subarray(offset, offset + source.readUInt32BE(at + 12)) };
  }).map(({ tag, data }) => {
    if (tag === 'name') return { tag, data: renamed(data) };
    if (tag !== 'cmap') return { tag, data };
    const codePoints = [...new Set(text)].map((character) => character.codePointAt(0) ?? 0);
    return { tag, data: cmapOf(codePoints, 36) };
  });
  const directory = Buffer.from(source.subarray(0, HEADER_BYTES + records.length * RECORD_BYTES));
  const parts: Buffer[] = [directory];
  let offset = directory.length;
  records.forEach(({ data }, index) => {
    const at = HEADER_BYTES + index * RECORD_BYTES;
    directory.writeUInt32BE(offset, at + 8);
    directory.writeUInt32BE(data.length, at + 12);
    const padded = Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
    parts.push(padded);
    offset += padded.length;
  });
  return new Uint8Array(Buffer.concat(parts));
}
