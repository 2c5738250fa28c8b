/**
 * Formats decimals, amounts and days in a language. It works on texts only: a document's numbers already have
 * exactly the digits to show, and none may be lost or added.
 */
import { exponentOf, isCurrency } from '../core/currency.ts';
import { monthOfDay } from '../core/time.ts';
import type { Language } from './languages/index.ts';

/** Only symbols that are unique to one currency; other currencies use their ISO code. */
const SYMBOLS: Readonly<Record<string, string>> = { EUR: '€', GBP: '£', INR: '₹', JPY: '¥', USD: '$' };

/** 1234567 → 1,234,567, or with lakh grouping 12,34,567. */
function groupDigits(digits: string, separator: string, grouping: 'thousands' | 'lakh'): string {
  const before = grouping === 'thousands' ? /\B(?=(?:\d{3})+$)/g : /\B(?=(?:\d{2})*\d{3}$)/g;
  return digits.replace(before, separator);
}

function writeDecimal(text: string, language: Language, grouping: 'thousands' | 'lakh'): string {
  const negative = text.startsWith('-');
  const [whole = '', fraction] = (negative ? text.slice(1) : text).split('.');
  const grouped = groupDigits(whole, language.groupSeparator, grouping);
  return `${negative ? '-' : ''}${grouped}${fraction === undefined ? '' : language.decimalPoint + fraction}`;
}

/** A quantity or a rate. de: '1234567.5' → '1.234.567,5'. */
export const formatNumber = (language: Language, text: string): string =>
  writeDecimal(text, language, language.grouping === 'lakh' ? 'lakh' : 'thousands');

export const formatPercent = (language: Language, text: string): string =>
  language.percent(formatNumber(language, text));

/** An amount with its currency and the decimals of the text. en: ('-1234567.50', 'INR') → '-₹12,34,567.50'. */
export function formatAmount(language: Language, text: string, currency: string): string {
  const negative = text.startsWith('-');
  const isLakh = language.grouping === 'lakh' || (language.grouping === 'lakh_for_inr' && currency === 'INR');
  const number = writeDecimal(negative ? text.slice(1) : text, language, isLakh ? 'lakh' : 'thousands');
  const symbol = SYMBOLS[currency];
  return `${negative ? '-' : ''}${language.amount(number, symbol ?? currency, symbol !== undefined)}`;
}

/** '5.00' → '-5.00', '-5.00' → '5.00'; zero has no sign. */
export function negated(amount: string): string {
  if (amount.startsWith('-')) return amount.slice(1);
  return /[1-9]/.test(amount) ? `-${amount}` : amount;
}

/** A price or an exact amount: all its decimals, and at least the currency's. en: ('0.5', 'USD') → '$0.50'. */
export function formatPrice(language: Language, text: string, currency: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  const decimals = fraction.padEnd(isCurrency(currency) ? exponentOf(currency) : 0, '0');
  return formatAmount(language, decimals === '' ? whole : `${whole}.${decimals}`, currency);
}

/** en: '2026-01-31' → '31 January 2026'. */
export function formatDay(language: Language, day: string): string {
  const { year, month, date } = partsOf(language, day);
  return `${date} ${month} ${year}`;
}

/** en: (2026, 9) → 'September 2026'. */
export const formatMonth = (language: Language, year: number, month: number): string =>
  `${language.months[month - 1] ?? month} ${year}`;

/** Common parts are written once. en: '1 – 31 January 2026', '15 December 2025 – 14 January 2026'. */
export function formatDays(language: Language, firstDay: string, lastDay: string): string {
  if (firstDay === lastDay) return formatDay(language, firstDay);
  const first = partsOf(language, firstDay);
  const last = partsOf(language, lastDay);
  if (first.year !== last.year) return `${formatDay(language, firstDay)} – ${formatDay(language, lastDay)}`;
  const start = first.month === last.month ? first.date : `${first.date} ${first.month}`;
  return `${start} – ${formatDay(language, lastDay)}`;
}

function partsOf(language: Language, day: string): { year: string; month: string; date: string } {
  const [year = '', month = '', date = ''] = day.split('-');
  return {
    year,
    month: language.months[monthOfDay(day).month - 1] ?? month,
    date: language.dayOfMonth(date.replace(/^0/, '')),
  };
}

/** Fills the placeholders of a language's text: ('{amount} due {date}', { amount, date }). */
export const fillText = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
