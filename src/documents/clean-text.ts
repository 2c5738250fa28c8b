/**
 * A text as pages show it: composed, with \n as line break, without invisible characters: controls, direction marks
 * and overrides (which make a text read differently from what it is), and other characters without a glyph.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replaceAll('\t', ' ')
    .replace(UNSEEN, '');
}

// Controls except \n; soft hyphen; direction; zero width except the joiners that scripts need; variation selectors;
// tags.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it removes
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Variation_Selector}/gu;
