import { expect, test } from 'vitest';
import { type Month, nextMonth } from '../../src/core/time.ts';
import {
  bookingOf,
  type CalendarEntry,
  derivePeriod,
  derivePeriodAt,
  holds,
  type OrganisationCalendar,
} from '../../src/tenants/billing-period.ts';

const ORGANISATION = '00000000-0000-7000-8000-000000000001';

const entry = (year: number, month: number, timezone: string, currency = 'USD'): CalendarEntry => ({
  from_year: year,
  from_month: month,
  timezone,
  currency,
});

const calendarOf = (...entries: CalendarEntry[]): OrganisationCalendar => ({
  organisation_id: ORGANISATION,
  entries,
  periods: [],
});

const at = (text: string): number => Date.parse(text);
const iso = (instant: number): string => new Date(instant).toISOString();

const BOUNDS: readonly [zone: string, month: Month, starts: string, ends: string][] = [
  ['UTC', { year: 2026, month: 1 }, '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
  ['UTC', { year: 2024, month: 2 }, '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
  ['UTC', { year: 2025, month: 12 }, '2025-12-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  ['Asia/Kolkata', { year: 2026, month: 3 }, '2026-02-28T18:30:00.000Z', '2026-03-31T18:30:00.000Z'],
  ['Pacific/Kiritimati', { year: 2026, month: 1 }, '2025-12-31T10:00:00.000Z', '2026-01-31T10:00:00.000Z'],
  // Daylight saving time begins or ends inside the month, which is an hour shorter or longer.
  ['America/New_York', { year: 2026, month: 3 }, '2026-03-01T05:00:00.000Z', '2026-04-01T04:00:00.000Z'],
  ['America/New_York', { year: 2026, month: 11 }, '2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z'],
];

test.each(BOUNDS)('a month in %s is %o from %s to %s', (zone, month, starts, ends) => {
  const period = derivePeriod(calendarOf(entry(2000, 1, zone)), month);
  expect([iso(period.starts_at), iso(period.ends_at)]).toEqual([starts, ends]);
  expect(period).toMatchObject({ ...month, timezone: zone, currency: 'USD', status: 'open' });
});

const CHANGES: readonly [from: string, to: string][] = [
  ['UTC', 'Asia/Kolkata'],
  ['Asia/Kolkata', 'UTC'],
  ['Pacific/Kiritimati', 'Pacific/Pago_Pago'],
  ['Pacific/Pago_Pago', 'Pacific/Kiritimati'],
  ['America/New_York', 'Europe/Berlin'],
];

test.each(CHANGES)('a change of zone from %s to %s leaves neither a gap nor an overlap', (from, to) => {
  const calendar = calendarOf(entry(2000, 1, from), entry(2026, 3, to, 'EUR'));
  let month: Month = { year: 2025, month: 11 };
  let end = derivePeriod(calendar, month).ends_at;
  for (let i = 0; i < 8; i++) {
    month = nextMonth(month);
    const period = derivePeriod(calendar, month);
    expect(period.starts_at).toBe(end);
    expect(period.starts_at).toBeLessThan(period.ends_at);
    end = period.ends_at;
  }
  expect(derivePeriod(calendar, { year: 2026, month: 2 })).toMatchObject({ timezone: from, currency: 'USD' });
  expect(derivePeriod(calendar, { year: 2026, month: 3 })).toMatchObject({ timezone: to, currency: 'EUR' });
});

test.each(CHANGES)(
  'from %s to %s every instant around the change is in the period that says so',
  (from, to) => {
    const calendar = calendarOf(entry(2000, 1, from), entry(2026, 3, to));
    for (let instant = at('2026-02-27T00:00:00Z'); instant < at('2026-03-03T00:00:00Z'); instant += 900_000) {
      for (const edge of [instant - 1, instant])
        expect(holds(derivePeriodAt(calendar, edge), edge)).toBe(true);
    }
  },
);

test('months before the first entry follow it', () => {
  const calendar = calendarOf(entry(2026, 1, 'Asia/Kolkata'));
  expect(derivePeriod(calendar, { year: 2020, month: 5 }).timezone).toBe('Asia/Kolkata');
});

test('a period that exists is taken as it is, and the next one starts where it ends', () => {
  const made = derivePeriod(calendarOf(entry(2000, 1, 'Asia/Kolkata')), { year: 2026, month: 1 });
  const closed = { ...made, status: 'closed' as const };
  const calendar = { ...calendarOf(entry(2000, 1, 'UTC')), periods: [closed] };
  expect(derivePeriod(calendar, { year: 2026, month: 1 })).toBe(closed);
  expect(derivePeriod(calendar, { year: 2026, month: 2 }).starts_at).toBe(closed.ends_at);
});

test('a calendar without entries is a defect', () => {
  expect(() => derivePeriod(calendarOf(), { year: 2026, month: 1 })).toThrow('has no calendar');
});

test('a period is half open', () => {
  const period = derivePeriod(calendarOf(entry(2000, 1, 'UTC')), { year: 2026, month: 1 });
  expect(
    [period.starts_at - 1, period.starts_at, period.ends_at - 1, period.ends_at].map((instant) =>
      holds(period, instant),
    ),
  ).toEqual([false, true, true, false]);
});

const BOOKINGS: readonly [zone: string, instant: string, hour: string, day: string][] = [
  ['UTC', '2026-03-08T23:59:59.999Z', '2026-03-08T23:00:00.000Z', '2026-03-08'],
  ['Asia/Kolkata', '2026-03-08T18:29:59.999Z', '2026-03-08T17:30:00.000Z', '2026-03-08'],
  ['Asia/Kolkata', '2026-03-08T18:30:00.000Z', '2026-03-08T18:30:00.000Z', '2026-03-09'],
  // 02:00 does not exist on this day; 01:00 occurs twice on the other.
  ['America/New_York', '2026-03-08T06:59:59.999Z', '2026-03-08T06:00:00.000Z', '2026-03-08'],
  ['America/New_York', '2026-03-08T07:00:00.000Z', '2026-03-08T07:00:00.000Z', '2026-03-08'],
  ['America/New_York', '2026-11-01T05:30:00.000Z', '2026-11-01T05:00:00.000Z', '2026-11-01'],
  ['America/New_York', '2026-11-01T06:30:00.000Z', '2026-11-01T06:00:00.000Z', '2026-11-01'],
  ['America/New_York', '2026-11-02T05:00:00.000Z', '2026-11-02T05:00:00.000Z', '2026-11-02'],
];

test.each(BOOKINGS)('in %s the instant %s counts to the hour %s of %s', (zone, instant, hour, day) => {
  const period = derivePeriodAt(calendarOf(entry(2000, 1, zone)), at(instant));
  const booked = bookingOf(period, at(instant));
  expect([iso(booked.hour), booked.day]).toEqual([hour, day]);
});

test('after a change of zone a day outside the month counts to its edge', () => {
  const west = calendarOf(entry(2000, 1, 'UTC'), entry(2026, 3, 'America/New_York'));
  const march = derivePeriod(west, { year: 2026, month: 3 });
  // In New York it is still February, but the month in UTC is over.
  expect(bookingOf(march, at('2026-03-01T02:00:00Z')).day).toBe('2026-03-01');

  const east = calendarOf(entry(2000, 1, 'America/New_York'), entry(2026, 3, 'UTC'));
  const february = derivePeriod(east, { year: 2026, month: 2 });
  expect(bookingOf(february, february.ends_at - 1).day).toBe('2026-02-28');
});
