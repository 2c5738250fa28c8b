import type { FileStore, FontFile } from '../../core/ports.ts';

export const FONTS_PREFIX = 'fonts/';
const ENDING = /\.(ttf|otf)$/;

// A font is many megabytes and never changes. The cache is cleared when it exceeds what an isolate can spare.
const CACHED_BYTES_MAX = 64 * 1024 * 1024;
const cache = new Map<string, FontFile>();
let cachedBytes = 0;

/** The fonts that an operator added, sorted by name; the name is the file's without its ending. */
export async function loadStoredFonts(files: FileStore): Promise<FontFile[]> {
  const fonts: FontFile[] = [];
  const keys = (await files.list(FONTS_PREFIX)).filter((key) => ENDING.test(key));
  for (const key of keys.sort()) fonts.push(cache.get(key) ?? (await loadFont(files, key)));
  return fonts;
}

async function loadFont(files: FileStore, key: string): Promise<FontFile> {
  const file = await files.get(key);
  if (!file) throw new Error(`the font ${key} is listed but missing from the file store`);
  const font = { name: key.slice(FONTS_PREFIX.length).replace(ENDING, ''), bytes: file.bytes };
  if (cachedBytes + font.bytes.length > CACHED_BYTES_MAX) {
    cache.clear();
    cachedBytes = 0;
  }
  cache.set(key, font);
  cachedBytes += font.bytes.length;
  return font;
}
