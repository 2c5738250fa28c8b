// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, which has control characters
const BEYOND_ASCII = /[^\u0000-\u007f]/;

/** Bytes of the text in UTF-8; a lone surrogate counts as the three bytes of U+FFFD. */
export function utf8Length(text: string): number {
  if (!BEYOND_ASCII.test(text)) return text.length;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 || isPair(text, i) ? 1 : 2;
  }
  return bytes;
}

/** True if a unit is half of a surrogate pair: a pair takes four bytes, two for each half. */
function isPair(text: string, i: number): boolean {
  const code = text.codePointAt(i) as number;
  return code > 0xffff || (code >= 0xdc00 && code < 0xe000 && (text.codePointAt(i - 1) ?? 0) > 0xffff);
}

/** Code points of the text: the length that JSON Schema and this product's limits use. */
export function codePointLength(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i += (text.codePointAt(i) as number) > 0xffff ? 2 : 1) count++;
  return count;
}
