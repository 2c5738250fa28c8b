/** Document numbering, and the formats that a seller may choose. */
import { describe, expect, test } from 'vitest';
import {
  findNumberingFaults,
  formatDocumentNumber,
  formatOfSeries,
  isGstNumber,
  longestDocumentNumber,
  type Numbering,
} from '../../src/core/document-number.ts';

const parts = { series: 'INV', financialYear: '2026-27' };

describe('a number is its format with all places filled', () => {
  test.each<[string, number, string]>([
    ['{series}-{fy}-{seq}', 42, 'INV-2026-27-000042'],
    ['{series}/{fy2}/{seq:5}', 1, 'INV/26-27/00001'],
    ['{series}/{fy2}/{seq:5}', 99_999, 'INV/26-27/99999'],
    ['{series}/{fy2}/{seq:5}', 100_000, 'INV/26-27/100000'],
    ['{fy2}{series}{seq:1}', 7, '26-27INV7'],
    ['{series}-{fy}-{seq:9}', 7, 'INV-2026-27-000000007'],
    ['{series}-{fy2}', 7, 'INV-26-27-000007'],
    ['{series}-{fy3}-{seq:0}', 7, 'INV-{fy3}-{seq:0}-000007'],
  ])('%s with %i is %s', (format, sequence, expected) => {
    expect(formatDocumentNumber(format, { ...parts, sequence })).toBe(expected);
  });

  test.each<[string, number, string]>([
    ['{series}-{fy}-{seq}', 42, 'INV-2026-27-0042'],
    ['{series}/{fy}/{seq}', 9_999, 'INV/2026-27/9999'],
    ['{series}/{fy2}/{seq}', 42, 'INV/26-27/000042'],
    ['{series}-{fy}-{seq:6}', 42, 'INV-2026-27-000042'],
    ['{series}-{fy}-{series}-{seq}', 42, 'INV-2026-27-INV-42'],
  ])('within 16 characters %s with %i is %s', (format, sequence, expected) => {
    expect(formatDocumentNumber(format, { ...parts, sequence, lengthMax: 16 })).toBe(expected);
  });

  test('a year that is a calendar year is short as its last two digits', () => {
    const year = { series: 'R', financialYear: '2026', sequence: 3 };
    expect(formatDocumentNumber('{series}{fy2}-{seq:3}', year)).toBe('R26-003');
  });
});

test.each([
  ['{series}-{fy}-{seq}', 'INV-2026-27-999999'],
  ['{series}/{fy2}/{seq:5}', 'INV/26-27/99999'],
  ['{series}', 'INV-999999'],
])('the longest number of %s is %s', (format, expected) => {
  expect(longestDocumentNumber(format, parts)).toBe(expected);
});

test.each([
  ['INV/26-27/000001', true],
  ['INV/26-27/0000001', false],
  ['', false],
  ['INV_1', false],
  ['INV 1', false],
  ['ÍNV1', false],
])('%s as a number under GST: %s', (number, expected) => {
  expect(isGstNumber(number)).toBe(expected);
});

describe('a numbering', () => {
  const numbering: Numbering = {
    series: 'INV',
    credit_note_series: 'CN',
    number_format: '{series}-{fy}-{seq}',
    financial_year_start_month: 4,
  };
  const LONG = '/number_format too_long';
  test.each<[string, Partial<Numbering>, boolean, string[]]>([
    ['as it is by default', {}, false, []],
    ['as it is by default, with a GSTIN, of which four digits are left', {}, true, []],
    ['of which three are left', { series: 'INVS' }, true, [LONG]],
    ['with six digits that are too many', { number_format: '{series}-{fy}-{seq:6}' }, true, [LONG]],
    ['of exactly 16 characters', { number_format: '{series}/{fy2}/{seq}' }, true, []],
    [
      'of 17, by its credit notes alone',
      { number_format: '{series}/{fy2}/{seq:6}', credit_note_series: 'CRED' },
      true,
      [LONG],
    ],
    ['of 17, without a GSTIN', { number_format: '{series}/{fy2}/{seq:7}' }, false, []],
    [
      'of 16 by calendar years',
      { number_format: '{series}/{fy}/{seq:6}', financial_year_start_month: 1 },
      true,
      [],
    ],
    ['with a blank in a series', { series: 'IN V' }, false, ['/series invalid_format']],
    ['with an empty series', { credit_note_series: '' }, false, ['/credit_note_series invalid_format']],
    ['of one series', { credit_note_series: 'INV' }, false, ['/credit_note_series not_allowed']],
    [
      'of one series but for its capitals',
      { credit_note_series: 'inv' },
      false,
      ['/credit_note_series not_allowed'],
    ],
    ['with a dot', { number_format: '{series}.{fy}.{seq}' }, false, ['/number_format invalid_format']],
    [
      'with an unknown place',
      { number_format: '{series}-{fy}-{month}-{seq}' },
      false,
      ['/number_format invalid_format'],
    ],
    [
      'with ten digits',
      { number_format: '{series}-{fy}-{seq:10}' },
      false,
      ['/number_format invalid_format'],
    ],
    [
      'that does not end in its digits',
      { number_format: '{seq}-{series}-{fy}' },
      false,
      ['/number_format required'],
    ],
    [
      'with its digits twice',
      { number_format: '{series}-{fy}-{seq}{seq:2}' },
      false,
      ['/number_format required'],
    ],
    ['without its series', { number_format: '{fy}-{seq}' }, false, []],
    ['without its year', { number_format: '{series}-{seq}' }, false, []],
  ])('%s', (_, fields, hasGstin, expected) => {
    const faults = findNumberingFaults({ ...numbering, ...fields }, { hasGstin });
    expect(faults.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(expected);
  });
});

test('a format without its series names it on all but invoices, so that no two documents share a number', () => {
  const numbering = {
    series: 'INV',
    credit_note_series: 'CN',
    number_format: 'ACME-{seq}',
    financial_year_start_month: 1,
  };
  expect(formatOfSeries(numbering, 'INV')).toBe('ACME-{seq}');
  expect(formatOfSeries(numbering, 'CN')).toBe('{series}-ACME-{seq}');
});
