import { describe, expect, test } from 'vitest';
import {
  formatAmount,
  formatDay,
  formatDays,
  formatNumber,
  formatPercent,
  formatPrice,
} from '../../src/documents/format-numbers.ts';
import { LANGUAGE_CODES, type LanguageCode, languageOf } from '../../src/documents/languages/index.ts';

/** No-break spaces are shown as `_`. */
const shown = (text: string): string => text.replaceAll('\u00a0', '_');

describe('numbers are grouped as the language does, and keep all their digits', () => {
  test.each<[string, LanguageCode, string, string]>([
    ['zero', 'en', '0', '0'],
    ['three digits', 'en', '999', '999'],
    ['four digits', 'en', '1000', '1,000'],
    ['six digits', 'en', '123456', '123,456'],
    ['seven digits', 'en', '1234567', '1,234,567'],
    ['a fraction is not grouped', 'en', '1234.123456789012', '1,234.123456789012'],
    ['negative', 'en', '-1234567', '-1,234,567'],
    ['German', 'de', '1234567.5', '1.234.567,5'],
    ['German, negative', 'de', '-1234.56', '-1.234,56'],
    ['Hindi, three digits', 'hi', '999', '999'],
    ['Hindi, four digits', 'hi', '1000', '1,000'],
    ['Hindi, a lakh', 'hi', '100000', '1,00,000'],
    ['Hindi, a crore', 'hi', '12345678.9', '1,23,45,678.9'],
    [
      '26 digits and 12 decimals',
      'en',
      '12345678901234567890123456.123456789012',
      '12,345,678,901,234,567,890,123,456.123456789012',
    ],
  ])('%s', (_name, code, input, expected) => {
    expect(formatNumber(languageOf(code), input)).toBe(expected);
  });
});

describe('amounts have their currency and exactly the decimals given', () => {
  test.each<[string, LanguageCode, string, string, string]>([
    ['rupees in English: lakh', 'en', '1234567.89', 'INR', '₹12,34,567.89'],
    ['dollars in English: thousands', 'en', '1234567.89', 'USD', '$1,234,567.89'],
    ['rupees in Hindi', 'hi', '1234567.89', 'INR', '₹12,34,567.89'],
    ['euros in Hindi: lakh too', 'hi', '1234567.89', 'EUR', '€12,34,567.89'],
    ['rupees in German', 'de', '1234567.89', 'INR', '1.234.567,89_₹'],
    ['euros in German', 'de', '1234.56', 'EUR', '1.234,56_€'],
    ['pounds', 'en', '0.00', 'GBP', '£0.00'],
    ['yen without decimals', 'en', '1234', 'JPY', '¥1,234'],
    ['dinars with three', 'en', '1234.567', 'KWD', 'KWD_1,234.567'],
    ['yuan: its symbol is another’s', 'en', '10.00', 'CNY', 'CNY_10.00'],
    ['Canadian dollars: likewise', 'de', '10.00', 'CAD', '10,00_CAD'],
    ['negative', 'en', '-1234.50', 'USD', '-$1,234.50'],
    ['negative in German', 'de', '-1234.50', 'EUR', '-1.234,50_€'],
    ['beyond a double', 'en', '9007199254740993.01', 'USD', '$9,007,199,254,740,993.01'],
  ])('%s', (_name, code, input, currency, expected) => {
    expect(shown(formatAmount(languageOf(code), input, currency))).toBe(expected);
  });
});

describe('prices have all their decimals, and at least the currency’s', () => {
  test.each<[string, LanguageCode, string, string, string]>([
    ['whole', 'en', '5', 'USD', '$5.00'],
    ['one decimal', 'en', '0.5', 'USD', '$0.50'],
    ['twelve decimals', 'de', '0.000000000001', 'EUR', '0,000000000001_€'],
    ['whole yen', 'en', '5', 'JPY', '¥5'],
    ['a part of a yen', 'en', '0.25', 'JPY', '¥0.25'],
  ])('%s', (_name, code, input, currency, expected) => {
    expect(shown(formatPrice(languageOf(code), input, currency))).toBe(expected);
  });
});

describe('days', () => {
  test.each<[string, LanguageCode, string, string]>([
    ['English', 'en', '2026-01-31', '31 January 2026'],
    ['German', 'de', '2026-01-31', '31. Januar 2026'],
    ['Hindi', 'hi', '2026-01-31', '31 जनवरी 2026'],
    ['the first of a month', 'en', '2026-12-01', '1 December 2026'],
    ['a leap day', 'de', '2028-02-29', '29. Februar 2028'],
  ])('%s', (_name, code, day, expected) => {
    expect(formatDay(languageOf(code), day)).toBe(expected);
  });

  test.each<[string, LanguageCode, string, string, string]>([
    ['one day', 'en', '2026-01-31', '2026-01-31', '31 January 2026'],
    ['a month', 'en', '2026-01-01', '2026-01-31', '1 – 31 January 2026'],
    ['a month in German', 'de', '2026-01-01', '2026-01-31', '1. – 31. Januar 2026'],
    ['months of a year', 'en', '2026-01-15', '2026-02-14', '15 January – 14 February 2026'],
    ['two years', 'en', '2025-12-15', '2026-01-14', '15 December 2025 – 14 January 2026'],
    ['a month of two years', 'en', '2025-01-15', '2026-01-14', '15 January 2025 – 14 January 2026'],
  ])('from and to: %s', (_name, code, first, last, expected) => {
    expect(formatDays(languageOf(code), first, last)).toBe(expected);
  });
});

test('percentages', () => {
  const rate = '8.875';
  const texts = LANGUAGE_CODES.map((code) => shown(formatPercent(languageOf(code), rate)));
  expect(texts).toEqual(['8.875%', '8,875_%', '8.875%']);
});

test('every language has twelve months, its own code, and the places that the texts of English have', () => {
  const placesOf = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  const english = languageOf('en').texts;
  for (const code of LANGUAGE_CODES) {
    const language = languageOf(code);
    expect(language.code).toBe(code);
    expect(new Set(language.months).size).toBe(12);
    for (const [name, text] of Object.entries(language.texts)) {
      expect({ name, places: placesOf(text) }).toEqual({
        name,
        places: placesOf(english[name as keyof typeof english]),
      });
      expect(text).not.toBe('');
    }
  }
});
