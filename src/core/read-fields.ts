/**
 * Reads the fields of request bodies by hand, one rule per function. The success path is hot, so it builds
 * only the value; the cost of reporting a fault does not matter.
 */
import { canonicalDecimal, canonicalQuantity } from './decimal.ts';
import type { Fault } from './error.ts';
import { codePointLength } from './text.ts';
import { formatInstant, HOUR_MS, parseInstant } from './time.ts';

export const METADATA_LIMITS = { levels: 8, bytes: 4096 } as const;
/** A double preserves any 15 significant digits, but not every 16. */
export const NUMBER_DIGITS_MAX = 15;
export const TIMESTAMP_MIN = Date.UTC(2000, 0, 1);
export const TIMESTAMP_AHEAD_MS = HOUR_MS;
/** In seconds this is the year 5138, in milliseconds 1973: an integer below it can only mean seconds. */
export const TIMESTAMP_SECONDS_BELOW = 100_000_000_000;
const UNKNOWN_FIELDS_MAX = 10;

/** Where the sender wrote each field, as a JSON Pointer below the event. */
export type FieldPointers<F extends string> = { readonly [field in F]: string };

/** Collects the faults of one object; the list is created with the first fault. */
export class Faults<F extends string> {
  list: Fault[] | undefined;
  readonly pointer: string;
  readonly pointers: FieldPointers<F>;

  constructor(pointer: string, pointers: FieldPointers<F>) {
    this.list = undefined;
    this.pointer = pointer;
    this.pointers = pointers;
  }

  /** `detail` follows the field's name as the sender wrote it. */
  add(field: F, code: string, detail: string): void {
    const place = this.pointers[field];
    this.addAt(place, code, `${place.slice(place.lastIndexOf('/') + 1) || 'data'} ${detail}`);
  }

  addAt(place: string, code: string, detail: string): void {
    this.list ??= [];
    this.list.push({ pointer: this.pointer + place, code, detail });
  }
}

/** Adds a fault for each unknown member, ten at most: `below` is the object's own pointer, `what` its name. */
export function addUnknownFields<F extends string>(
  raw: object,
  known: object,
  below: string,
  what: string,
  faults: Faults<F>,
): void {
  let unknown = 0;
  for (const name of Object.keys(raw)) {
    if (Object.hasOwn(known, name) || ++unknown > UNKNOWN_FIELDS_MAX) continue;
    const detail = `${quoteName(name)} is not a field of ${what}.`;
    faults.addAt(`${below}/${escapePointer(name)}`, 'unknown_field', detail);
  }
}

export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Valid Unicode without U+0000, which Postgres cannot store. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

export function readText<F extends string>(
  value: unknown,
  field: F,
  min: number,
  max: number,
  faults: Faults<F>,
): string {
  if (typeof value !== 'string') {
    addMissingOrWrong(value, field, 'must be a string.', faults);
    return '';
  }
  if (value.length < min) faults.add(field, 'too_short', 'must not be empty.');
  // The number of code points is at most the number of UTF-16 units and at least half of it.
  else if (value.length > max && (value.length > max * 2 || codePointLength(value) > max)) {
    faults.add(field, 'too_long', `must have at most ${max} characters.`);
  } else if (!isStorableText(value)) {
    faults.add(field, 'not_unicode', 'must be valid Unicode without U+0000.');
  }
  return value;
}

/** `numberToken` is the token as written in the body when the value is a JSON number. */
export function readQuantity<F extends string>(
  value: unknown,
  field: F,
  numberToken: string | undefined,
  faults: Faults<F>,
): string {
  if (typeof value === 'string') return readDecimal(value, field, faults);
  if (typeof value !== 'number') {
    addMissingOrWrong(value, field, 'must be a decimal string or a JSON number.', faults);
    return '';
  }
  if (numberToken === undefined || significantDigits(numberToken) > NUMBER_DIGITS_MAX) {
    const detail = `as a JSON number may have at most ${NUMBER_DIGITS_MAX} significant digits: send it as a string.`;
    faults.add(field, 'imprecise_number', detail);
    return '';
  }
  return readDecimal(numberToken, field, faults);
}

function readDecimal<F extends string>(text: string, field: F, faults: Faults<F>): string {
  const canonical = canonicalQuantity(text);
  if (canonical !== null) return canonical;
  if (canonicalDecimal(text) === null) {
    faults.add(field, 'not_decimal', 'must be in plain decimal notation, such as "12.5".');
  } else {
    faults.add(field, 'too_many_digits', 'must have at most 26 integer digits and 12 decimals.');
  }
  return '';
}

/** Digits of a number token from its first non-zero digit; those of an exponent do not count. */
function significantDigits(token: string): number {
  let digits = 0;
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i);
    if (code === 69 || code === 101) break;
    if (code >= 48 && code <= 57 && (code !== 48 || digits > 0)) digits++;
  }
  return digits;
}

export function readTimestamp<F extends string>(
  value: unknown,
  field: F,
  now: number,
  faults: Faults<F>,
): number | null {
  if (isAbsent(value)) return null;
  let instant: number | null;
  if (typeof value === 'string') {
    instant = parseInstant(value);
  } else if (typeof value === 'number') {
    instant = Number.isInteger(value) ? value : null;
    if (instant !== null && instant < TIMESTAMP_SECONDS_BELOW) {
      faults.add(
        field,
        'seconds_not_milliseconds',
        'must be in milliseconds; this integer looks like seconds.',
      );
      return null;
    }
  } else {
    faults.add(field, 'wrong_type', 'must be an RFC 3339 date-time or an integer of epoch milliseconds.');
    return null;
  }
  if (instant === null) {
    const detail = 'must be a valid RFC 3339 date-time with an offset, or an integer of epoch milliseconds.';
    faults.add(field, 'not_a_time', detail);
  } else if (instant < TIMESTAMP_MIN) {
    faults.add(field, 'too_old', `must not be before ${formatInstant(TIMESTAMP_MIN)}.`);
  } else if (instant > now + TIMESTAMP_AHEAD_MS) {
    faults.add(field, 'in_the_future', 'must not be more than one hour ahead of the time of receipt.');
  }
  return instant;
}

export function addMissingOrWrong<F extends string>(
  value: unknown,
  field: F,
  detail: string,
  faults: Faults<F>,
): void {
  if (isAbsent(value)) faults.add(field, 'required', 'is required.');
  else faults.add(field, 'wrong_type', detail);
}

const NAME_CHARACTERS_SHOWN = 128;

/** A member name as a reference token of RFC 6901; a very long name is cut, because the answer repeats it. */
export const escapePointer = (name: string): string =>
  name.slice(0, NAME_CHARACTERS_SHOWN).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');

export const quoteName = (name: string): string =>
  JSON.stringify(name.slice(0, NAME_CHARACTERS_SHOWN).toWellFormed());
