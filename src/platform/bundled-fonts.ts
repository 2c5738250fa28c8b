/** The fonts that ship with the product: Latin, Greek, Cyrillic, Vietnamese and Devanagari in one family. */

import regular from '@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf';
import bold from '@expo-google-fonts/noto-sans/700Bold/NotoSans_700Bold.ttf';
import type { FontFile } from '../core/ports.ts';

const bytesOf = (font: Uint8Array | ArrayBuffer): Uint8Array =>
  font instanceof ArrayBuffer ? new Uint8Array(font) : font;

/** The same byte arrays for all documents of an isolate: parsed data is cached with them. */
export const BUNDLED_FONTS: readonly FontFile[] = [
  { name: 'NotoSans-Regular', bytes: bytesOf(regular) },
  { name: 'NotoSans-Bold', bytes: bytesOf(bold) },
];
