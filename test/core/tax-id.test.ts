/** The formats of tax ids. The check characters of the examples were computed independently of the product. */
import { describe, expect, test } from 'vitest';
import { isCountry, isEuMember } from '../../src/core/country.ts';
import { isIndianState, nameIndianState } from '../../src/core/indian-state.ts';
import { isGstin, isHsnSac, taxIdOf, vatCountryOf } from '../../src/core/tax-id.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

describe('a GSTIN', () => {
  test.each([
    ['27AAPFU0939F1ZV', true],
    ['29AAGCB7383J1Z4', true],
    ['09AAACH7409R1ZZ', true],
    ['33AAACH7409R1Z8', true],
    ['27aapfu0939f1zv', false],
    ['27AAPFU0939F1ZV ', false],
    ['27AAPFU0939F1Z', false],
    ['27AAPFU0939F1YV', false],
    ['A7AAPFU0939F1ZV', false],
    ['', false],
  ])('%s: %s', (text, expected) => {
    expect(isGstin(text)).toBe(expected);
  });

  test('has one check character: of all 36 only one passes', () => {
    const good = [...ALPHABET].filter((check) => isGstin(`27AAPFU0939F1Z${check}`));
    expect(good).toEqual(['V']);
  });

  test('that is wrong in any one digit is none', () => {
    const text = '27AAPFU0939F1ZV';
    for (const at of [1, 7, 8, 9, 10, 12]) {
      for (const digit of '0123456789') {
        const other = text.slice(0, at) + digit + text.slice(at + 1);
        expect(isGstin(other), other).toBe(other === text);
      }
    }
  });

  test('is of a state that exists', () => {
    // With any check character.
    const any = (state: string) => [...ALPHABET].some((check) => isGstin(`${state}AAPFU0939F1Z${check}`));
    expect(['01', '38', '97'].map(any)).toEqual([true, true, true]);
    expect(['00', '39', '96', '98', '99'].map(any)).toEqual([false, false, false, false, false]);
  });
});

describe('a VAT ID is of a member state by its prefix and form', () => {
  test.each<[string, string | null]>([
    ['ATU12345678', 'AT'],
    ['BE0123456789', 'BE'],
    ['BG123456789', 'BG'],
    ['CY12345678X', 'CY'],
    ['CZ12345678', 'CZ'],
    ['DE123456789', 'DE'],
    ['DK12345678', 'DK'],
    ['EE123456789', 'EE'],
    ['EL123456789', 'GR'],
    ['ESX1234567X', 'ES'],
    ['ES12345678Z', 'ES'],
    ['FI12345678', 'FI'],
    ['FRXX123456789', 'FR'],
    ['HR12345678901', 'HR'],
    ['HU12345678', 'HU'],
    ['IE1234567FA', 'IE'],
    ['IE1A23456T', 'IE'],
    ['IT12345678901', 'IT'],
    ['LT123456789', 'LT'],
    ['LT123456789012', 'LT'],
    ['LU12345678', 'LU'],
    ['LV12345678901', 'LV'],
    ['MT12345678', 'MT'],
    ['NL123456789B01', 'NL'],
    ['PL1234567890', 'PL'],
    ['PT123456789', 'PT'],
    ['RO1234567890', 'RO'],
    ['SE123456789001', 'SE'],
    ['SI12345678', 'SI'],
    ['SK1234567890', 'SK'],
    ['GR123456789', null],
    ['XI123456789', null],
    ['GB123456789', null],
    ['DE12345678', null],
    ['DE1234567890', null],
    ['de123456789', null],
    ['DE 123456789', null],
    ['DE123456789\n', null],
    ['AT123456789', null],
    ['SE123456789002', null],
    ['__123', null],
    ['', null],
  ])('%s: %s', (text, expected) => {
    expect(vatCountryOf(text)).toBe(expected);
  });
});

test.each([
  ['27AAPFU0939F1ZV', 'gstin'],
  ['DE123456789', 'eu_vat'],
  ['XI123456789', 'other'],
  ['27AAPFU0939F1ZW', 'other'],
  ['12-3456789', 'other'],
] as const)('%s is told to be %s', (value, type) => {
  expect(taxIdOf(value)).toEqual({ type, value });
});

test.each([
  ['9983', true],
  ['998315', true],
  ['99831512', true],
  ['998', false],
  ['99831', false],
  ['9983151', false],
  ['998315123', false],
  ['99831A', false],
  ['', false],
])('%s as an HSN or SAC code: %s', (text, expected) => {
  expect(isHsnSac(text)).toBe(expected);
});

test('the states of India are 01 to 38 and 97', () => {
  const codes = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));
  const states = codes.filter(isIndianState);
  expect(states).toEqual([...codes.slice(1, 39), '97']);
  expect(['1', 'toString', '029'].filter(isIndianState)).toEqual([]);
  expect(nameIndianState('29')).toBe('29 Karnataka');
  expect(nameIndianState('97')).toBe('97 Other Territory');
  expect(nameIndianState('39')).toBeNull();
});

test('countries are 249, 27 of them members of the EU; EL, UK and EU are none', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const pairs = letters.flatMap((a) => letters.map((b) => a + b));
  expect(pairs.filter(isCountry)).toHaveLength(249);
  expect(pairs.filter(isEuMember)).toHaveLength(27);
  expect(pairs.filter((code) => isEuMember(code) && !isCountry(code))).toEqual([]);
  expect(['EL', 'UK', 'EU', 'XI', 'XK', 'in', ''].filter(isCountry)).toEqual([]);
  // Every prefix of a VAT ID names a member state.
  expect(isEuMember('GB') || isEuMember('NO') || isEuMember('CH')).toBe(false);
});
