import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  compareMonths,
  DAY_MS,
  dayOf,
  daysInMonth,
  firstDay,
  formatInstant,
  HOUR_MS,
  hourOf,
  isDay,
  isTimeZone,
  lastDay,
  monthOf,
  nextMonth,
  offsetAt,
  parseInstant,
  previousMonth,
  startOfDay,
  startOfMonth,
} from '../../src/core/time.ts';

const at = (text: string): number => Date.parse(text);
const ZONES = [
  'UTC',
  'Asia/Kolkata',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
];

describe('parseInstant', () => {
  test.each([
    ['UTC', '2026-11-21T10:20:30Z', at('2026-11-21T10:20:30Z')],
    ['lower case', '2026-11-21t10:20:30z', at('2026-11-21T10:20:30Z')],
    ['a tenth', '2026-11-21T10:20:30.5Z', at('2026-11-21T10:20:30.500Z')],
    ['milliseconds', '2026-11-21T10:20:30.123Z', at('2026-11-21T10:20:30.123Z')],
    ['microseconds are cut', '2026-11-21T10:20:30.123999+00:00', at('2026-11-21T10:20:30.123Z')],
    ['more digits than nanoseconds', '2026-11-21T10:20:30.1239999999999Z', at('2026-11-21T10:20:30.123Z')],
    ['an offset ahead', '2026-11-21T10:20:30+05:30', at('2026-11-21T04:50:30Z')],
    ['an offset behind', '2026-11-21T10:20:30-08:00', at('2026-11-21T18:20:30Z')],
    ['the unknown local offset', '2026-11-21T10:20:30-00:00', at('2026-11-21T10:20:30Z')],
    ['a leap day', '2024-02-29T00:00:00Z', at('2024-02-29T00:00:00Z')],
    ['a leap day of a century', '2000-02-29T00:00:00Z', at('2000-02-29T00:00:00Z')],
    ['the first century', '0001-01-01T00:00:00Z', at('0001-01-01T00:00:00Z')],
    ['the last year of four digits', '9999-12-31T23:59:59.999Z', at('9999-12-31T23:59:59.999Z')],
    ['no leap day', '2023-02-29T00:00:00Z', null],
    ['no leap day in a century', '2100-02-29T00:00:00Z', null],
    ['30 February', '2024-02-30T00:00:00Z', null],
    ['31 April', '2026-04-31T00:00:00Z', null],
    ['day 0', '2026-04-00T00:00:00Z', null],
    ['month 0', '2026-00-01T00:00:00Z', null],
    ['month 13', '2026-13-01T00:00:00Z', null],
    ['hour 24', '2026-11-21T24:00:00Z', null],
    ['minute 60', '2026-11-21T10:60:00Z', null],
    ['a leap second', '2016-12-31T23:59:60Z', null],
    ['offset of 24 hours', '2026-11-21T10:20:30+24:00', null],
    ['offset of 60 minutes', '2026-11-21T10:20:30+01:60', null],
    ['no offset', '2026-11-21T10:20:30', null],
    ['an offset without a colon', '2026-11-21T10:20:30+0000', null],
    ['no seconds', '2026-11-21T10:20Z', null],
    ['a point without digits', '2026-11-21T10:20:30.Z', null],
    ['a comma', '2026-11-21T10:20:30,5Z', null],
    ['a space for the T', '2026-11-21 10:20:30Z', null],
    ['only a day', '2026-11-21', null],
    ['space around', ' 2026-11-21T10:20:30Z', null],
    ['a line after', '2026-11-21T10:20:30Z\n', null],
    ['other digits', '２０２６-11-21T10:20:30Z', null],
    ['epoch milliseconds as text', '1700000000000', null],
    ['a zone', '2026-11-21T10:20:30[UTC]', null],
    ['nothing', '', null],
  ])('%s: %j', (_, text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });

  test('every instant reads back from its own text, in any offset', () => {
    const instants = fc.integer({ min: at('0001-01-03T00:00:00Z'), max: at('9999-12-29T00:00:00Z') });
    fc.assert(
      fc.property(instants, fc.integer({ min: -1439, max: 1439 }), (instant, offsetMinutes) => {
        expect(parseInstant(formatInstant(instant))).toBe(instant);
        const local = formatInstant(instant + offsetMinutes * 60_000).slice(0, -1);
        const [h, m] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
        const zone = `${offsetMinutes < 0 ? '-' : '+'}${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`;
        expect(parseInstant(local + zone)).toBe(instant);
      }),
    );
  });
});

describe('the calendar', () => {
  test.each([
    [2023, 2, 28],
    [2024, 2, 29],
    [1900, 2, 28],
    [2000, 2, 29],
    [2026, 4, 30],
    [2026, 12, 31],
  ])('days in %i-%i', (year, month, days) => {
    expect(daysInMonth(year, month)).toBe(days);
  });

  test.each([
    ['2024-02-29', true],
    ['2023-02-29', false],
    ['2026-12-31', true],
    ['2026-12-32', false],
    ['2026-00-10', false],
    ['2026-1-01', false],
    ['2026-01-01T00:00:00Z', false],
    ['', false],
  ])('%j is a day: %s', (text, expected) => {
    expect(isDay(text)).toBe(expected);
  });

  test.each([
    ['2026-12-31', 1, '2027-01-01'],
    ['2024-03-01', -1, '2024-02-29'],
    ['2026-01-01', 0, '2026-01-01'],
    ['2026-01-01', 365, '2027-01-01'],
  ])('%s and %i days is %s', (day, count, expected) => {
    expect(addDays(day, count)).toBe(expected);
  });

  test('months follow one another over the year', () => {
    expect(nextMonth({ year: 2026, month: 12 })).toEqual({ year: 2027, month: 1 });
    expect(nextMonth({ year: 2026, month: 1 })).toEqual({ year: 2026, month: 2 });
    expect(previousMonth({ year: 2026, month: 1 })).toEqual({ year: 2025, month: 12 });
    expect(compareMonths({ year: 2026, month: 12 }, { year: 2027, month: 1 })).toBeLessThan(0);
    expect(compareMonths({ year: 2026, month: 3 }, { year: 2026, month: 3 })).toBe(0);
    expect(firstDay({ year: 2024, month: 2 })).toBe('2024-02-01');
    expect(lastDay({ year: 2024, month: 2 })).toBe('2024-02-29');
  });

  test.each([
    ['UTC', true],
    ['Asia/Kolkata', true],
    ['America/Argentina/Buenos_Aires', true],
    ['Etc/GMT+5', true],
    ['+05:30', false],
    ['Mars/Olympus', false],
    ['', false],
    ['UTC; DROP', false],
  ])('%j is a time zone: %s', (zone, expected) => {
    expect(isTimeZone(zone)).toBe(expected);
  });
});

describe('local days, hours and months', () => {
  test.each([
    ['UTC', '2026-01-01T00:00:00.000Z', '2026-01-01'],
    ['UTC', '2025-12-31T23:59:59.999Z', '2025-12-31'],
    ['Asia/Kolkata', '2025-12-31T18:29:59.999Z', '2025-12-31'],
    ['Asia/Kolkata', '2025-12-31T18:30:00.000Z', '2026-01-01'],
    ['America/New_York', '2026-01-01T04:59:59.999Z', '2025-12-31'],
    ['America/New_York', '2026-01-01T05:00:00.000Z', '2026-01-01'],
    ['America/New_York', '2026-07-01T04:00:00.000Z', '2026-07-01'],
  ])('in %s the day of %s is %s', (zone, instant, day) => {
    expect(dayOf(at(instant), zone)).toBe(day);
    expect(monthOf(at(instant), zone)).toEqual({
      year: Number(day.slice(0, 4)),
      month: Number(day.slice(5, 7)),
    });
  });

  test.each([
    ['a spring day has 23 hours', '2026-03-08', 'America/New_York', 23 * HOUR_MS],
    ['an autumn day has 25', '2026-11-01', 'America/New_York', 25 * HOUR_MS],
    ['half an hour of daylight saving', '2026-10-04', 'Australia/Lord_Howe', 23.5 * HOUR_MS],
    ['midnight itself is skipped', '2023-04-28', 'Africa/Cairo', 23 * HOUR_MS],
    ['an ordinary day', '2026-06-15', 'Asia/Kolkata', DAY_MS],
  ])('%s', (_, day, zone, length) => {
    expect(startOfDay(addDays(day, 1), zone) - startOfDay(day, zone)).toBe(length);
  });

  test('where midnight does not exist the day starts with its first instant', () => {
    expect(formatInstant(startOfDay('2023-04-28', 'Africa/Cairo'))).toBe('2023-04-27T22:00:00.000Z');
    expect(dayOf(startOfDay('2023-04-28', 'Africa/Cairo') - 1, 'Africa/Cairo')).toBe('2023-04-27');
  });

  test('an hour of a zone at +05:30 begins at half past, and a repeated hour is two', () => {
    expect(formatInstant(hourOf(at('2026-01-01T10:29:59Z'), 'Asia/Kolkata'))).toBe(
      '2026-01-01T09:30:00.000Z',
    );
    expect(formatInstant(hourOf(at('2026-01-01T10:30:00Z'), 'Asia/Kolkata'))).toBe(
      '2026-01-01T10:30:00.000Z',
    );
    const first = hourOf(at('2026-11-01T05:30:00Z'), 'America/New_York');
    const second = hourOf(at('2026-11-01T06:30:00Z'), 'America/New_York');
    expect(second - first).toBe(HOUR_MS);
  });

  test('the start of a month is the first instant of its first day', () => {
    expect(formatInstant(startOfMonth({ year: 2026, month: 1 }, 'Asia/Kolkata'))).toBe(
      '2025-12-31T18:30:00.000Z',
    );
    expect(offsetAt(at('2026-07-01T00:00:00Z'), 'America/New_York')).toBe(-4 * HOUR_MS);
  });

  test('every instant lies in its own day and hour', () => {
    const instants = fc.integer({ min: at('2000-01-02T00:00:00Z'), max: at('2037-01-01T00:00:00Z') });
    fc.assert(
      fc.property(instants, fc.constantFrom(...ZONES), (instant, zone) => {
        const day = dayOf(instant, zone);
        const start = startOfDay(day, zone);
        expect(start).toBeLessThanOrEqual(instant);
        expect(dayOf(start, zone)).toBe(day);
        expect(dayOf(start - 1, zone) < day).toBe(true);
        const hour = hourOf(instant, zone);
        expect(hour <= instant && instant - hour < HOUR_MS).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
