/** CSV as in RFC 4180, escaped so that spreadsheets treat every text as text. */

export type CsvValue = string | number | null;

/** `text`: user input. `value`: our own numbers, ids and instants, written unchanged. */
export interface CsvColumn<Row> {
  readonly name: string;
  readonly kind: 'text' | 'value';
  readonly of: (row: Row) => CsvValue;
}

/**
 * What makes a spreadsheet read a cell as a formula (OWASP, CSV injection): = + - @, their full-width forms, tab,
 * line breaks and NUL at the beginning, also after white space or zero-width characters, which some spreadsheets
 * skip.
 */
const FORMULA = /^(?:[\t\r\n\0]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])/;

/** `=1+1` → `'=1+1`; the apostrophe is how spreadsheets mark text. */
export const guardText = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One record with its line break. */
export function csvRecord<Row>(columns: readonly CsvColumn<Row>[], row: Row): string {
  const cells = columns.map(({ kind, of }) => {
    const value = of(row);
    if (value === null) return '';
    return quote(kind === 'text' ? guardText(String(value)) : String(value));
  });
  return `${cells.join(',')}\r\n`;
}

export const csvHeader = <Row>(columns: readonly CsvColumn<Row>[]): string =>
  `${columns.map(({ name }) => quote(name)).join(',')}\r\n`;
