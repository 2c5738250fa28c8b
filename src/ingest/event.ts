/**
 * The usage event as it is accepted: its limits, and the reading of one event by hand. The good path is hot, so nothing
 * is built there but the event; a fault costs what it costs.
 */
import { CanonicalJsonError, canonicalJson } from '../core/canonical-json.ts';
import { canonicalDecimal, canonicalQuantity } from '../core/decimal.ts';
import type { Fault } from '../core/error.ts';
import { codePointLength } from '../core/text.ts';
import { formatInstant, HOUR_MS, parseInstant } from '../core/time.ts';

export const EVENTS_MAX = 5_000;
export const METRIC_NAME_CHARACTERS_MAX = 128;
export const UNIT_CHARACTERS_MAX = 64;
export const KEY_CHARACTERS_MAX = 255;
export const USER_ID_CHARACTERS_MAX = 255;
export const METADATA_LIMITS = { levels: 8, bytes: 4096 } as const;
/** A double keeps any 15 significant digits, and not every 16. */
export const NUMBER_DIGITS_MAX = 15;
export const TIMESTAMP_MIN = Date.UTC(2000, 0, 1);
export const TIMESTAMP_AHEAD_MS = HOUR_MS;
/** In seconds this is the year 5138, in milliseconds 1973: an integer below it can only be meant as seconds. */
export const TIMESTAMP_SECONDS_BELOW = 100_000_000_000;
const UNKNOWN_FIELDS_MAX = 10;

export interface UsageEvent {
  readonly metric_name: string;
  /** Canonical decimal text. */
  readonly metric_value: string;
  readonly unit: string;
  /** Epoch milliseconds; null where none was sent: the time of receipt then counts, and the fingerprint has none. */
  readonly timestamp: number | null;
  readonly user_id: string | null;
  /** Canonical JSON of an object. */
  readonly metadata: string;
  readonly idempotency_key: string;
  /** Null for a plain event. */
  readonly generation: EventGeneration | null;
}

/** What the event of an AI call carries beside the fields of every event (src/ingest/generations/read-generation.ts makes it). */
export interface EventGeneration {
  /** As the hot row keeps it, and canonical: call-content.ts. */
  readonly content: string;
  /** What "the same content" means for this call: see src/ai/generation-key.ts. */
  readonly fingerprint: string;
  /** Metric and unit of each quantity that the call will be metered by, `ai.calls` included. */
  readonly metered: readonly (readonly [metricName: string, unit: string])[];
  /** What its cost hangs on; null where the sender said the cost. Tokens are of disjoint kinds. */
  readonly unpriced: {
    readonly provider: string;
    readonly model: string;
    readonly service_tier: string | null;
    readonly tokens: Readonly<
      Record<'input' | 'output' | 'cache_read' | 'cache_write_5m' | 'cache_write_1h' | 'reasoning', bigint>
    >;
  } | null;
  /** What the edge found it to cost, and by which prices: beside the content, and no part of it. */
  readonly priced: string | null;
  /** Of a call that a trace told of. */
  readonly nesting?: SpanNesting;
}

/**
 * A span may repeat the usage of spans below it, and the two may come in different requests, in either order. What counted
 * leaves marks on its neighbours; one that finds a mark is counted already (src/ingest/traces/relate-spans.ts makes them).
 */
export interface SpanNesting {
  /** Marks that say: something above it was counted. */
  readonly counted_above: readonly string[];
  /** Marks that say: something below it was counted. */
  readonly counted_below: readonly string[];
  /** Left for what is below it, unless it was itself found counted below. */
  readonly marks_below: readonly string[];
  /** Left for what is above it. */
  readonly marks_above: readonly string[];
}

/** A span that counts for nothing, and what is above it in another request; both as the places of marks. */
export interface SpanLink {
  readonly place: string;
  readonly above: string;
}

/** An event, or why it is none: an array is always faults. */
export type ReadEvent = UsageEvent | Fault[];

/** How a wire format's events are called and read: those of `POST /v1/events`, or AI calls (src/ai). */
export interface EventFormat {
  /** The member that holds a batch. */
  readonly plural: string;
  /** The decimal whose raw token the reader needs where it came as a JSON number. */
  readonly decimal: string;
  readonly read: (raw: unknown, numberToken: string | undefined, now: number, pointer: string) => ReadEvent;
}

/** The events of one request in their order, whichever wire format brought them. */
export interface ParsedEvents {
  /** `single` only where the body is one bare event: its conflict answers 409, and its pointers have no index. */
  readonly shape: 'single' | 'batch';
  readonly events: readonly ReadEvent[];
  /** The key was derived from the event (CloudEvents, AI calls), so the receipt has to name it. */
  readonly idempotencyKeyInReceipt: boolean;
}

type Field = Exclude<keyof UsageEvent, 'generation'>;
export type RawFields = { readonly [field in Field]?: unknown };
/** Where the sender wrote each field, as a JSON Pointer below the event. */
export type FieldPointers<F extends string = Field> = { readonly [field in F]: string };

const POINTERS: FieldPointers = {
  metric_name: '/metric_name',
  metric_value: '/metric_value',
  unit: '/unit',
  timestamp: '/timestamp',
  user_id: '/user_id',
  metadata: '/metadata',
  idempotency_key: '/idempotency_key',
};

/**
 * Reads one event object. `numberToken` is the raw token of metric_value where that is a JSON number; `pointer` is
 * the event's own place in the body. Faults come in the order of the fields, unknown fields last.
 */
export function readEvent(
  raw: unknown,
  numberToken: string | undefined,
  now: number,
  pointer: string,
): ReadEvent {
  if (!isObject(raw)) return [{ pointer, code: 'wrong_type', detail: 'An event must be a JSON object.' }];
  const faults = new Faults(pointer, POINTERS);
  const event = readFields(raw, numberToken, now, faults);
  addUnknownFields(raw, POINTERS, '', 'an event', faults);
  return faults.list ?? event;
}

/** A fault for each member that is no field, ten at most: `below` is the object's own place, `what` its name. */
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

/** Collects the faults of one event; the list is made for the first. */
export class Faults<F extends string = Field> {
  list: Fault[] | undefined;
  readonly pointer: string;
  readonly pointers: FieldPointers<F>;

  constructor(pointer: string, pointers: FieldPointers<F>) {
    this.list = undefined;
    this.pointer = pointer;
    this.pointers = pointers;
  }

  /** `said` follows the field's name as the sender wrote it. */
  add(field: F, code: string, said: string): void {
    const place = this.pointers[field];
    this.addAt(place, code, `${place.slice(place.lastIndexOf('/') + 1) || 'data'} ${said}`);
  }

  addAt(place: string, code: string, detail: string): void {
    this.list ??= [];
    this.list.push({ pointer: this.pointer + place, code, detail });
  }
}

/** The fields of an event wherever they stood; what it returns is of use only where it added no fault. */
export function readFields(
  raw: RawFields,
  numberToken: string | undefined,
  now: number,
  faults: Faults,
): UsageEvent {
  const metric_name = readText(raw.metric_name, 'metric_name', 1, METRIC_NAME_CHARACTERS_MAX, faults);
  const metric_value = readQuantity(raw.metric_value, 'metric_value', numberToken, faults);
  const unit = readText(raw.unit, 'unit', 0, UNIT_CHARACTERS_MAX, faults);
  const timestamp = readTimestamp(raw.timestamp, 'timestamp', now, faults);
  const idempotency_key = readText(raw.idempotency_key, 'idempotency_key', 1, KEY_CHARACTERS_MAX, faults);
  const user_id = isAbsent(raw.user_id)
    ? null
    : readText(raw.user_id, 'user_id', 1, USER_ID_CHARACTERS_MAX, faults);
  const metadata = readMetadata(raw.metadata, faults);
  return { metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key, generation: null };
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
  // The count of code points is at most that of UTF-16 units and at least half of it.
  else if (value.length > max && (value.length > max * 2 || codePointLength(value) > max)) {
    faults.add(field, 'too_long', `must have at most ${max} characters.`);
  } else if (!isStorableText(value)) {
    faults.add(field, 'not_unicode', 'must be valid Unicode without U+0000.');
  }
  return value;
}

/** `numberToken` is the token that stands in the body where the value came as a JSON number. */
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
    const said = `as a JSON number may have at most ${NUMBER_DIGITS_MAX} significant digits: send it as a string.`;
    faults.add(field, 'imprecise_number', said);
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

/** Digits of a number token from its first that is not zero; those of an exponent do not count. */
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
    const said = 'must be an RFC 3339 date-time that exists, with its offset, or whole epoch milliseconds.';
    faults.add(field, 'not_a_time', said);
  } else if (instant < TIMESTAMP_MIN) {
    faults.add(field, 'too_old', `must not be before ${formatInstant(TIMESTAMP_MIN)}.`);
  } else if (instant > now + TIMESTAMP_AHEAD_MS) {
    faults.add(field, 'in_the_future', 'must not be more than one hour ahead of the time of receipt.');
  }
  return instant;
}

const METADATA_SAID = {
  too_deep: `must not nest deeper than ${METADATA_LIMITS.levels} levels.`,
  too_large: `must take at most ${METADATA_LIMITS.bytes} bytes as canonical JSON.`,
  not_unicode: 'must be valid Unicode without U+0000.',
  not_finite: 'holds a number beyond the range of a double.',
  not_json: 'must be JSON.',
} as const;

function readMetadata(value: unknown, faults: Faults): string {
  if (isAbsent(value)) return '{}';
  if (!isObject(value)) {
    faults.add('metadata', 'wrong_type', 'must be a JSON object.');
    return '{}';
  }
  try {
    return canonicalJson(value, METADATA_LIMITS);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    faults.add('metadata', error.code, METADATA_SAID[error.code]);
    return '{}';
  }
}

export function addMissingOrWrong<F extends string>(
  value: unknown,
  field: F,
  said: string,
  faults: Faults<F>,
): void {
  if (isAbsent(value)) faults.add(field, 'required', 'is required.');
  else faults.add(field, 'wrong_type', said);
}

const NAME_CHARACTERS_SHOWN = 128;

/** A member name as a reference token of RFC 6901; a very long one is cut, for it comes back in the answer. */
export const escapePointer = (name: string): string =>
  name.slice(0, NAME_CHARACTERS_SHOWN).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');

export const quoteName = (name: string): string =>
  JSON.stringify(name.slice(0, NAME_CHARACTERS_SHOWN).toWellFormed());
