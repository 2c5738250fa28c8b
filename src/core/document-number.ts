/** Document numbers (law 7): gapless per seller, series and financial year. Each ends in its sequence digits. */
import type { Fault } from './error.ts';

const SEQUENCE_DIGITS = 6;

/**
 * The financial year that contains a day, by the month in which the year starts: '2026' if it starts in
 * January, otherwise '2026-27' from that month of 2026 on.
 */
export function financialYearOf(day: string, startMonth: number): string {
  const year = BigInt(day.slice(0, 4));
  if (startMonth === 1) return day.slice(0, 4);
  const startsBefore = day.slice(5, 7) < String(startMonth).padStart(2, '0');
  const first = startsBefore ? year - 1n : year;
  return `${String(first).padStart(4, '0')}-${String(first + 1n).slice(-2)}`;
}

const PLACE = /\{(series|fy2|fy|seq(?::([1-9]))?)\}/g;
const ENDS_IN_SEQUENCE = /\{seq(:[1-9])?\}$/;

export interface NumberParts {
  readonly series: string;
  /** As returned by financialYearOf. */
  readonly financialYear: string;
  readonly sequence: number | bigint;
  /** The legal maximum of characters: GST_NUMBER_LENGTH. `{seq}` then takes as many digits as fit. */
  readonly lengthMax?: number | undefined;
}

/**
 * Placeholders: `{series}`, `{fy}` (2026-27), `{fy2}` (26-27), and `{seq}` (six digits, fewer if `lengthMax`
 * leaves less room) or `{seq:4}` (the given number of digits). A larger sequence takes more digits.
 * `{series}-{fy}-{seq}` with INV, 2026-27 and 42 → INV-2026-27-000042, within 16 characters INV-2026-27-0042.
 * A format that does not end in its sequence gets -{seq}.
 */
export function formatDocumentNumber(format: string, parts: NumberParts): string {
  const { head, digits } = headOf(format, parts);
  return head + String(parts.sequence).padStart(digits, '0');
}

/** The number up to its sequence, and the number of sequence digits. */
function headOf(
  format: string,
  { series, financialYear, lengthMax }: Omit<NumberParts, 'sequence'>,
): { head: string; digits: number } {
  const complete = ENDS_IN_SEQUENCE.test(format) ? format : `${format}-{seq}`;
  const places: Readonly<Record<string, string>> = {
    series,
    fy: financialYear,
    fy2: financialYear.slice(2),
    seq: '',
  };
  const head = complete.replace(PLACE, (_, name: string) => places[name] ?? '');
  const width = /\{seq:([1-9])\}$/.exec(complete)?.[1];
  if (width !== undefined) return { head, digits: Number(width) };
  const room = lengthMax === undefined ? SEQUENCE_DIGITS : lengthMax - head.length;
  return { head, digits: Math.max(1, Math.min(SEQUENCE_DIGITS, room)) };
}

/**
 * The number with the largest sequence that fits the format's digits, all nines: no earlier number of the
 * year is longer.
 */
export function longestDocumentNumber(format: string, parts: Omit<NumberParts, 'sequence'>): string {
  const { head, digits } = headOf(format, parts);
  return head + '9'.repeat(digits);
}

/** CGST Rules 46(b) and 53(1A): at most 16 letters, digits, hyphens and slashes. */
export const GST_NUMBER_LENGTH = 16;
const GST_NUMBER = /^[A-Za-z0-9/-]{1,16}$/;
export const isGstNumber = (number: string): boolean => GST_NUMBER.test(number);

export interface Numbering {
  readonly series: string;
  readonly credit_note_series: string;
  readonly number_format: string;
  readonly financial_year_start_month: number;
}

const SERIES = /^[A-Za-z0-9/-]{1,16}$/;
const LITERALS = /^[A-Za-z0-9/-]*$/;
/** Room for 9,999 documents a year. */
const SEQUENCE_DIGITS_MIN = 4;

export const hasYear = (format: string): boolean => /\{fy2?\}/.test(format);

/**
 * If a format has no placeholder for the series, all series except invoices get it as a prefix: no two
 * documents share a number.
 */
export const formatOfSeries = ({ series, number_format }: Numbering, of: string): string =>
  of === series || number_format.includes('{series}') ? number_format : `{series}-${number_format}`;

/**
 * The faults of a seller's numbering, in the order of the rules. A format without a year continues its
 * sequence across years. Codes: `invalid_format`, `required` (the sequence is missing), `not_allowed` (two
 * series are the same), `too_long` (a seller with a GSTIN: 16 characters leave fewer than four digits).
 */
export function findNumberingFaults(numbering: Numbering, { hasGstin }: { hasGstin: boolean }): Fault[] {
  const { series, credit_note_series, number_format } = numbering;
  const faults: Fault[] = [];
  const add = (pointer: string, code: string, detail: string): void => {
    faults.push({ pointer, code, detail });
  };
  for (const field of ['series', 'credit_note_series'] as const) {
    if (SERIES.test(numbering[field])) continue;
    add(`/${field}`, 'invalid_format', 'Must be 1 to 16 letters, digits, hyphens and slashes.');
  }
  if (series.toLowerCase() === credit_note_series.toLowerCase()) {
    add('/credit_note_series', 'not_allowed', 'Must differ from series.');
  }
  const format = '/number_format';
  if (!LITERALS.test(number_format.replace(PLACE, ''))) {
    const detail =
      'May contain only letters, digits, hyphens, slashes and {series}, {fy}, {fy2}, {seq} or {seq:1} to {seq:9}.';
    add(format, 'invalid_format', detail);
  } else if (!ENDS_IN_SEQUENCE.test(number_format) || number_format.split('{seq').length > 2) {
    add(format, 'required', 'Must contain {seq} or {seq:n} exactly once, at the end.');
  }
  if (faults.length > 0 || !hasGstin) return faults;
  const financialYear = financialYearOf('2026-12-31', numbering.financial_year_start_month);
  for (const each of [series, credit_note_series]) {
    const parts = { series: each, financialYear, lengthMax: GST_NUMBER_LENGTH };
    const longest = longestDocumentNumber(formatOfSeries(numbering, each), parts);
    const digits = /[0-9]*$/.exec(longest)?.[0].length ?? 0;
    const hasRoom = /\{seq:[1-9]\}$/.test(number_format) || digits >= SEQUENCE_DIGITS_MIN;
    if (isGstNumber(longest) && hasRoom) continue;
    const detail =
      `With a GSTIN, a number may have at most 16 characters (CGST Rule 46(b)). ${longest} leaves too little room. ` +
      '{series}/{fy2}/{seq:5}, for example, is shorter.';
    add(format, 'too_long', detail);
    break;
  }
  return faults;
}
