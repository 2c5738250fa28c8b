/**
 * Instants are epoch milliseconds (number); periods are half open, [start, end). Days are `YYYY-MM-DD` texts
 * in the calendar of an IANA zone. Nothing here reads the clock.
 */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The number formed by `count` digits at a position of the text, NaN if one is not a digit. */
function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const PLUS = 43;
const DASH = 45;
const POINT = 46;
const COLON = 58;
const LETTER_T = 116;
const LETTER_Z = 122;
const LOWER_CASE = 32;
const INSTANT_CHARACTERS_MAX = 64;
/** 400 years always have the same number of days; without the shift, years 0 to 99 would be read as 1900 to 1999. */
const YEARS_400_MS = 146_097 * DAY_MS;

/**
 * The instant of an RFC 3339 date-time, cut to the millisecond; null if the text is not one or names a date
 * that does not exist. Parsed by hand, because every event has one: a regular expression took four times as
 * long.
 */
export function parseInstant(text: string): number | null {
  if (text.length < 20 || text.length > INSTANT_CHARACTERS_MAX) return null;
  const isShaped =
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    (text.charCodeAt(10) | LOWER_CASE) === LETTER_T &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON;
  const [year, month, day] = [digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2)];
  const [hour, minute, second] = [digitsAt(text, 11, 2), digitsAt(text, 14, 2), digitsAt(text, 17, 2)];
  // Every comparison with NaN is false.
  const isDate = year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!(isShaped && isDate && hour <= 23 && minute <= 59 && second <= 59)) return null;

  let at = 19;
  let millisecond = 0;
  if (text.charCodeAt(at) === POINT) {
    const first = ++at;
    for (let unit = 100; ; at++, unit /= 10) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      if (unit >= 1) millisecond += digit * unit;
    }
    if (at === first) return null;
  }
  const offset = offsetOf(text, at);
  if (offset === null) return null;
  return Date.UTC(year + 400, month - 1, day, hour, minute, second, millisecond) - YEARS_400_MS - offset;
}

/**
 * Milliseconds of the `Z` or `+hh:mm` from a position to the end of the text; null if the text does not end
 * that way.
 */
function offsetOf(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  if ((sign | LOWER_CASE) === LETTER_Z) return at + 1 === text.length ? 0 : null;
  const isShaped =
    (sign === PLUS || sign === DASH) && at + 6 === text.length && text.charCodeAt(at + 3) === COLON;
  const [hours, minutes] = [digitsAt(text, at + 1, 2), digitsAt(text, at + 4, 2)];
  if (!(isShaped && hours <= 23 && minutes <= 59)) return null;
  return (sign === DASH ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

export const formatInstant = (instant: number): string => new Date(instant).toISOString();

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

export const formatDay = (year: number, month: number, day: number): string =>
  `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** True for a `YYYY-MM-DD` that exists in the calendar, from the year 1 on: Postgres has no earlier year. */
export function isDay(text: string): boolean {
  const match = DAY.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/** The day `count` days after (or, for a negative count, before) a `YYYY-MM-DD`. */
export const addDays = (day: string, count: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** True for the name of a zone in the IANA database; offsets such as `+05:30` are not names. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(zone)) return false;
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

// Since 2000, every zone's offset has been a multiple of a quarter of an hour, changing only at a quarter.
const QUARTER_MS = 900_000;
const offsets = new Map<string, Map<number, number>>();
const OFFSETS_MAX = 100_000;

/** Milliseconds by which the zone's wall clock is ahead of UTC at an instant. */
export function offsetAt(instant: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const quarter = Math.floor(instant / QUARTER_MS);
  let ofZone = offsets.get(zone);
  if (!ofZone) {
    ofZone = new Map();
    offsets.set(zone, ofZone);
  }
  const known = ofZone.get(quarter);
  if (known !== undefined) return known;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(quarter * QUARTER_MS)) {
    if (type !== 'literal') parts[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const offset = wall - quarter * QUARTER_MS;
  if (ofZone.size >= OFFSETS_MAX) ofZone.clear();
  ofZone.set(quarter, offset);
  return offset;
}

/** The local `YYYY-MM-DD` of an instant. */
export const dayOf = (instant: number, zone: string): string =>
  new Date(instant + offsetAt(instant, zone)).toISOString().slice(0, 10);

/**
 * The instant at which the local hour that contains `instant` began; in a zone at +05:30, hours begin at half
 * past in UTC.
 */
export function hourOf(instant: number, zone: string): number {
  const offset = offsetAt(instant, zone);
  return Math.floor((instant + offset) / HOUR_MS) * HOUR_MS - offset;
}

/** The first instant of a local day: midnight, or the end of the gap if a daylight-saving change skips midnight. */
export function startOfDay(day: string, zone: string): number {
  const nominal = Date.parse(`${day}T00:00:00Z`);
  if (zone === 'UTC') return nominal;
  let low = nominal - 15 * HOUR_MS;
  let high = nominal + 15 * HOUR_MS;
  while (high - low > QUARTER_MS) {
    const middle = low + Math.floor((high - low) / 2 / QUARTER_MS) * QUARTER_MS;
    if (dayOf(middle, zone) < day) low = middle;
    else high = middle;
  }
  return high;
}

export interface Month {
  readonly year: number;
  readonly month: number;
}

export const compareMonths = (a: Month, b: Month): number => (a.year - b.year) * 12 + (a.month - b.month);

export function nextMonth({ year, month }: Month): Month {
  return month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };
}

export function previousMonth({ year, month }: Month): Month {
  return month === 1 ? { year: year - 1, month: 12 } : { year, month: month - 1 };
}

export function monthOf(instant: number, zone: string): Month {
  return monthOfDay(dayOf(instant, zone));
}

export const monthOfDay = (day: string): Month => ({
  year: Number(day.slice(0, 4)),
  month: Number(day.slice(5, 7)),
});

export const firstDay = ({ year, month }: Month): string => formatDay(year, month, 1);
export const lastDay = ({ year, month }: Month): string => formatDay(year, month, daysInMonth(year, month));

export const startOfMonth = (month: Month, zone: string): number => startOfDay(firstDay(month), zone);
