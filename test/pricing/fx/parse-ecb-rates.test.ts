/** The two ECB formats, and files in neither. */
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/core/error.ts';
import { parseEcbRates } from '../../../src/pricing/fx/parse-ecb-rates.ts';

const HIST = [
  'Date,USD,JPY,CYP,BRL,',
  '2026-11-20,1.0857,160.25,N/A,6.1,',
  '2026-11-19,1.0850,160.1,N/A,N/A,',
  '1999-01-04,1.1789,133.73,0.58231,N/A,',
  '',
].join('\n');

const read = (text: string) => {
  const { publications, ...rest } = parseEcbRates(text);
  return { ...rest, publications: Object.fromEntries(publications) };
};

test('the history: every rate by day, N/A left out, a currency that is no more named', () => {
  expect(read(HIST)).toEqual({
    publications: {
      USD: [
        { day: '1999-01-04', rate: '1.1789', line: 4 },
        { day: '2026-11-19', rate: '1.085', line: 3 },
        { day: '2026-11-20', rate: '1.0857', line: 2 },
      ],
      JPY: [
        { day: '1999-01-04', rate: '133.73', line: 4 },
        { day: '2026-11-19', rate: '160.1', line: 3 },
        { day: '2026-11-20', rate: '160.25', line: 2 },
      ],
      BRL: [{ day: '2026-11-20', rate: '6.1', line: 2 }],
    },
    skipped: ['CYP'],
    first_day: '1999-01-04',
    last_day: '2026-11-20',
  });
});

test.each([
  ['of one day', 'Date, USD, JPY, \n20 November 2026, 1.0857, 160.25, \n'],
  ['with the line ends of Windows', 'Date, USD, JPY, \r\n20 November 2026, 1.0857, 160.25, \r\n'],
  ['without trailing commas', 'Date,USD,JPY\n2026-11-20,1.0857,160.25'],
  ['with blank lines', '\nDate,USD,JPY\n\n2026-11-20,1.0857,160.25\n\n'],
  ['with a comma only in the header', 'Date,USD,JPY,\n2026-11-20,1.0857,160.25'],
])('the file %s', (_, text) => {
  const { publications, first_day, last_day } = read(text);
  expect([first_day, last_day]).toEqual(['2026-11-20', '2026-11-20']);
  expect(publications).toMatchObject({ USD: [{ rate: '1.0857' }], JPY: [{ rate: '160.25' }] });
});

test.each(['January', 'February', 'March', 'April', 'May', 'June', 'July'].map((name, i) => [name, i + 1]))(
  'a day of %s is read',
  (name, number) => {
    expect(read(`Date,USD\n4 ${name} 2026,1.1`).first_day).toBe(`2026-0${number}-04`);
  },
);

const faultsOf = (text: string): string[] => {
  try {
    parseEcbRates(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('invalid_request');
    return error.errors.map(({ pointer, code }) => `${pointer} ${code}`);
  }
  return [];
};

describe('what is malformed is named by its line', () => {
  test.each<[string, string, string[]]>([
    ['an empty file', '', ['/lines/1 invalid_header']],
    ['another file', '{"rates": []}', ['/lines/1 invalid_header']],
    ['no currency', 'Date\n2026-11-20', ['/lines/1 invalid_header']],
    ['a code in small letters', 'Date,usd\n2026-11-20,1', ['/lines/1 invalid_header']],
    ['a code twice', 'Date,USD,JPY,USD\n2026-11-20,1,1,1', ['/lines/1 invalid_header']],
    ['the euro itself', 'Date,EUR\n2026-11-20,1', ['/lines/1 invalid_header']],
    ['a header of commas', `Date${','.repeat(5000)}`, ['/lines/1 invalid_header']],
    ['no day', 'Date,USD\n', ['/lines/2 required']],
    ['a cell too few', 'Date,USD,JPY\n2026-11-20,1', ['/lines/2 invalid_line']],
    ['a cell too many', 'Date,USD\n2026-11-20,1,2', ['/lines/2 invalid_line']],
    ['a day that is none', 'Date,USD\n2026-02-30,1', ['/lines/2 invalid_date']],
    ['a month that is none', 'Date,USD\n2 Novembre 2026,1', ['/lines/2 invalid_date']],
    ['a day before the euro', 'Date,USD\n1998-12-31,1', ['/lines/2 invalid_date']],
    ['a day twice', 'Date,USD\n2026-11-20,1\n20 November 2026,1', ['/lines/3 repeated']],
    ['a rate of zero', 'Date,USD\n2026-11-20,0', ['/lines/2 invalid_decimal']],
    ['a negative rate', 'Date,USD\n2026-11-20,-1', ['/lines/2 invalid_decimal']],
    ['an exponent', 'Date,USD\n2026-11-20,1e3', ['/lines/2 invalid_decimal']],
    ['an empty cell', 'Date,USD,JPY\n2026-11-20,,1', ['/lines/2 invalid_decimal']],
    [
      'several, past a blank line',
      'Date,USD\n2026-11-20,1\n\nx,1\n2026-11-19,y',
      ['/lines/4 invalid_date', '/lines/5 invalid_decimal'],
    ],
  ])('%s', (_, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });

  test('at most a hundred of them', () => {
    expect(faultsOf(`Date,USD\n${'x,1\n'.repeat(1000)}`)).toHaveLength(100);
  });

  test('more rates than any history has', () => {
    const codes = 'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP'.split(
      ' ',
    );
    const row = (index: number): string =>
      `${new Date(Date.UTC(1999, 0, 1) + index * 86_400_000).toISOString().slice(0, 10)}${',1'.repeat(20)}`;
    const rows = Array.from({ length: 20_001 }, (_, index) => row(index));
    expect(faultsOf(`Date,${codes.join(',')}\n${rows.slice(0, 20_000).join('\n')}`)).toEqual([]);
    expect(faultsOf(`Date,${codes.join(',')}\n${rows.join('\n')}`)).toEqual(['/lines/20002 too_long']);
  });

  test('a currency that is skipped is not looked at', () => {
    expect(read('Date,CYP,USD\n2026-11-20,?,1').publications).toEqual({
      USD: [{ day: '2026-11-20', rate: '1', line: 2 }],
    });
  });
});
