import { describe, expect, test } from 'vitest';
import { type CsvColumn, csvHeader, csvRecord, guardText } from '../../../src/reports/csv/csv.ts';

const column = (kind: 'text' | 'value'): CsvColumn<{ v: string | number | null }> => ({
  name: 'v',
  kind,
  of: ({ v }) => v,
});
const text = (v: string | null): string => csvRecord([column('text')], { v });

describe('a text that a spreadsheet would run is marked as a text', () => {
  test.each<[string, string]>([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    ['\n=1', "'\n=1"],
    ['\0=1', "'\0=1"],
    [' =1', "' =1"],
    ['\ufeff=1', "'\ufeff=1"],
    ['\u200b+1', "'\u200b+1"],
    ['\u00a0-1', "'\u00a0-1"],
    ['＝1+1', "'＝1+1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠SUM', "'＠SUM"],
    ['=HYPERLINK("https://evil.example","x")', '\'=HYPERLINK("https://evil.example","x")'],
    ["=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"],
    ['', ''],
    ['a=1', 'a=1'],
    ['1-1', '1-1'],
    ["'=1", "'=1"],
    ['tokens.input', 'tokens.input'],
    ['{"a":"=1"}', '{"a":"=1"}'],
  ])('%j is %j', (given, expected) => {
    expect(guardText(given)).toBe(expected);
  });
});

describe('a record', () => {
  test.each<[string, string | null, string]>([
    ['plain', 'a b', 'a b\r\n'],
    ['empty', '', '\r\n'],
    ['nothing', null, '\r\n'],
    ['a comma', 'a,b', '"a,b"\r\n'],
    ['a quote', 'a"b', '"a""b"\r\n'],
    ['line ends', 'a\r\nb\nc', '"a\r\nb\nc"\r\n'],
    ['a formula in quotes', '=A1,"x"', '"\'=A1,""x"""\r\n'],
    ['Unicode', 'é ₹ नमस्ते 😀', 'é ₹ नमस्ते 😀\r\n'],
    ['a semicolon', 'a;b', 'a;b\r\n'],
  ])('%s', (_, given, expected) => {
    expect(text(given)).toBe(expected);
  });

  test.each<[string | number, string]>([
    ['-12.500000000001', '-12.500000000001\r\n'],
    ['99999999999999999999999999.999999999999', '99999999999999999999999999.999999999999\r\n'],
    [-7, '-7\r\n'],
    ['0.00', '0.00\r\n'],
  ])('a value stays as it is: %s', (given, expected) => {
    expect(csvRecord([column('value')], { v: given })).toBe(expected);
  });

  test('has its columns in order under a header', () => {
    const columns = [column('text'), column('value')];
    expect(csvHeader(columns) + csvRecord(columns, { v: '-1' })).toBe("v,v\r\n'-1,-1\r\n");
  });
});
