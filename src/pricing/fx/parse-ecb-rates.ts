/**
 * Parses the European Central Bank's euro foreign exchange reference rates as published: `eurofxref-hist.csv` (all
 * days since 1999, `2026-11-19`) and `eurofxref.csv` (one day, `19 November 2026`, blanks after the commas).
 */
import { isCurrency } from '../../core/currency.ts';
import { type Fault, invalidRequest } from '../../core/error.ts';
import { formatDay, isDay } from '../../core/time.ts';
import { RATE_DETAIL, readRate } from './exchange-rate.ts';

export const ECB_BASE = 'EUR';

/** 1 euro = `rate` of the currency, published on `day`. */
export interface Publication {
  readonly day: string;
  /** A canonical decimal. */
  readonly rate: string;
  /** Line number in the file, from 1. */
  readonly line: number;
}

export interface EcbRates {
  /** By target currency, in the order of the file's columns; each list is sorted by day, ascending. */
  readonly publications: ReadonlyMap<string, readonly Publication[]>;
  /** Codes in the file that are not active ISO 4217 currencies, e.g. those replaced by the euro. */
  readonly skipped: readonly string[];
  readonly first_day: string;
  readonly last_day: string;
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const LONG_DAY = /^(\d{1,2}) ([A-Z][a-z]+) (\d{4})$/;
/** The euro did not exist before. */
const FIRST_DAY = '1999-01-01';
const NONE = 'N/A';
/** The ECB's whole history is about 220,000 rates. */
const RATES_MAX = 400_000;
const COLUMNS_MAX = 400;
const FAULTS_MAX = 100;

function readDay(text: string): string | null {
  const match = LONG_DAY.exec(text);
  const [, day = '', month = '', year = ''] = match ?? [];
  const number = MONTHS.indexOf(month) + 1;
  if (match && number === 0) return null;
  const read = match ? `${year}-${formatDay(0, number, 1).slice(5, 7)}-${day.padStart(2, '0')}` : text;
  return isDay(read) && read >= FIRST_DAY ? read : null;
}

/** The trimmed cells of a line, without the empty one after a trailing comma. */
function cellsOf(line: string, columnsMax: number): string[] {
  const cells = line.split(',', columnsMax + 2).map((cell) => cell.trim());
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Yields non-blank lines one by one: an array for a file of five million line breaks would fill the memory. */
function* linesOf(text: string): Generator<Line> {
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    number += 1;
    const line = text.slice(at, end).trim();
    if (line !== '') yield { number, text: line };
    at = end + 1;
  }
}

const faultAt = (line: number, code: string, detail: string): Fault => ({
  pointer: `/lines/${line}`,
  code,
  detail,
});

function readHeader(line: Line | undefined): string[] {
  const fail = (detail: string): never => {
    throw invalidRequest([faultAt(line?.number ?? 1, 'invalid_header', detail)]);
  };
  const [date, ...codes] = line ? cellsOf(line.text, COLUMNS_MAX) : [];
  if (date !== 'Date') fail('The first line must start with Date.');
  if (codes.length === 0 || codes.length > COLUMNS_MAX)
    fail(`The first line must list 1 to ${COLUMNS_MAX} currencies.`);
  const wrong = codes.find((code, index) => !/^[A-Z]{3}$/.test(code) || codes.indexOf(code) !== index);
  if (wrong !== undefined)
    fail(`${JSON.stringify(wrong.slice(0, 16))} is not a currency code or is repeated.`);
  if (codes.includes(ECB_BASE)) fail(`${ECB_BASE} is the base of all rates and cannot be a column.`);
  return codes;
}

/** Throws `invalid_request` with a fault for each malformed line (`/lines/17`), at most a hundred of them. */
export function parseEcbRates(text: string): EcbRates {
  const lines = linesOf(text);
  const codes = readHeader(lines.next().value as Line | undefined);
  const taken = codes.flatMap((code, index) => (isCurrency(code) ? [{ code, column: index + 1 }] : []));
  const columns = taken.map(({ code, column }) => ({ code, column, found: [] as Publication[] }));
  const faults: Fault[] = [];
  const days = new Set<string>();
  let count = 0;
  for (const { number, text } of lines) {
    const cells = cellsOf(text, codes.length + 1);
    const day = readDay(cells[0] ?? '');
    if (cells.length !== codes.length + 1) {
      const detail = `Must have ${codes.length + 1} cells, like the first line.`;
      faults.push(faultAt(number, 'invalid_line', detail));
    } else if (day === null) {
      const detail = `Must start with a date from ${FIRST_DAY} on, such as 2026-11-19 or 19 November 2026.`;
      faults.push(faultAt(number, 'invalid_date', detail));
    } else if (days.has(day)) {
      faults.push(faultAt(number, 'repeated', `${day} is listed twice.`));
    } else {
      days.add(day);
      for (const { code, column, found } of columns) {
        const cell = cells[column] as string;
        if (cell === NONE) continue;
        const rate = readRate(cell);
        if (rate === null) {
          faults.push(faultAt(number, 'invalid_decimal', `${code}: ${RATE_DETAIL}`));
          break;
        }
        found.push({ day, rate, line: number });
        count += 1;
      }
    }
    if (count > RATES_MAX) {
      faults.push(faultAt(number, 'too_long', `A file may contain at most ${RATES_MAX} rates. Split it.`));
    }
    if (faults.length >= FAULTS_MAX || count > RATES_MAX) break;
  }
  if (faults.length === 0 && days.size === 0) faults.push(faultAt(2, 'required', 'The file has no rates.'));
  if (faults.length > 0) throw invalidRequest(faults);
  const sorted = [...days].sort();
  for (const { found } of columns) found.sort((a, b) => (a.day < b.day ? -1 : 1));
  return {
    publications: new Map(columns.map(({ code, found }) => [code, found])),
    skipped: codes.filter((code) => !isCurrency(code)),
    first_day: sorted[0] as string,
    last_day: sorted.at(-1) as string,
  };
}
