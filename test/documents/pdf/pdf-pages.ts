/** A PDF as its reader sees it: the text of its pages, and their pixels. */
import { type PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium';

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue. */
  at(x: number, y: number): readonly [number, number, number];
}

/** Pixels per point. */
export const SCALE = 3;

let library: Promise<PDFiumLibrary> | undefined;

async function withDocument<T>(
  bytes: Uint8Array,
  read: (document: PDFiumDocument) => Promise<T>,
): Promise<T> {
  library ??= PDFiumLibrary.init();
  const document = await (await library).loadDocument(bytes);
  try {
    return await read(document);
  } finally {
    document.destroy();
  }
}

/** The text of each page, with \n as line break and every kind of space as a plain one. */
export const readPages = (bytes: Uint8Array): Promise<string[]> =>
  withDocument(bytes, async (document) =>
    [...document.pages()].map((page) => page.getText().replaceAll('\r\n', '\n').replaceAll('\u00a0', ' ')),
  );

export const renderPage = (bytes: Uint8Array, index: number): Promise<Bitmap> =>
  withDocument(bytes, async (document) => {
    const { width, height, data } = await document.getPage(index).render({ scale: SCALE, render: 'bitmap' });
    return {
      width,
      height,
      at(x, y) {
        const start = (y * width + x) * 4;
        return [data[start] ?? 0, data[start + 1] ?? 0, data[start + 2] ?? 0];
      },
    };
  });

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function countPixels(
  bitmap: Bitmap,
  area: Area,
  matches: (red: number, green: number, blue: number) => boolean,
): number {
  let count = 0;
  for (let y = area.top; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) if (matches(...bitmap.at(x, y))) count += 1;
  }
  return count;
}

const DARK_MAX = 110;
/** Dots and vowel signs belong to the letters next to them. */
const GAP_POINTS = 4;

export const isDark = (red: number, green: number, blue: number): boolean =>
  red < DARK_MAX && green < DARK_MAX && blue < DARK_MAX;

/** The bounding box of the dark pixels of each text line in an area. */
export function findInk(bitmap: Bitmap, area: Area): Area[] {
  const boxes: Area[] = [];
  for (let y = area.top; y < area.bottom; y++) {
    const row = { ...area, top: y, bottom: y + 1 };
    if (countPixels(bitmap, row, isDark) === 0) continue;
    const last = boxes.at(-1);
    if (last && y - last.bottom < GAP_POINTS * SCALE) boxes[boxes.length - 1] = { ...last, bottom: y + 1 };
    else boxes.push(row);
  }
  return boxes.map((box) => ({ ...box, ...findSides(bitmap, box) }));
}

function findSides(bitmap: Bitmap, box: Area): { left: number; right: number } {
  let [left, right] = [box.right, box.left];
  for (let x = box.left; x < box.right; x++) {
    if (countPixels(bitmap, { ...box, left: x, right: x + 1 }, isDark) === 0) continue;
    left = Math.min(left, x);
    right = x + 1;
  }
  return { left, right };
}

const SHAPE_CELLS = 12;

/** Which cells of a grid over the box contain ink: equal for one glyph at any position, different for other glyphs. */
export function shapeOf(bitmap: Bitmap, box: Area): boolean[] {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  return Array.from({ length: SHAPE_CELLS ** 2 }, (_, index) => {
    const [column, row] = [index % SHAPE_CELLS, Math.floor(index / SHAPE_CELLS)];
    const cell = {
      left: box.left + Math.floor((column * width) / SHAPE_CELLS),
      right: box.left + Math.max(Math.ceil(((column + 1) * width) / SHAPE_CELLS), 1),
      top: box.top + Math.floor((row * height) / SHAPE_CELLS),
      bottom: box.top + Math.max(Math.ceil(((row + 1) * height) / SHAPE_CELLS), 1),
    };
    return countPixels(bitmap, cell, isDark) * 2 > (cell.right - cell.left) * (cell.bottom - cell.top);
  });
}

export const shapeDistance = (a: readonly boolean[], b: readonly boolean[]): number =>
  a.filter((cell, index) => cell !== b[index]).length;
