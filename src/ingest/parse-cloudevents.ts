/**
 * CloudEvents 1.0 in structured (application/cloudevents+json), batched (application/cloudevents-batch+json) and
 * binary mode (ce-* headers, the body is the data). An event has the same content, and so the same fingerprint, in
 * all three.
 *
 * | attribute | field |
 * |---|---|
 * | type | metric_name |
 * | source, id | idempotency_key, see cloudEventKey |
 * | time | timestamp |
 * | subject | user_id |
 * | data.value | metric_value, "1" by default |
 * | data.unit | unit, empty by default |
 * | the rest of data | metadata |
 *
 * Extension attributes and dataschema are accepted but not stored.
 */
import { invalidRequest } from '../core/error.ts';
import {
  escapePointer,
  Faults,
  type FieldPointers,
  isObject,
  isStorableText,
  quoteName,
} from '../core/read-fields.ts';
import { sha256Hex } from '../core/sha256.ts';
import { utf8Length } from '../core/text.ts';
import { assertCount, type EventField, type ParsedEvents, type ReadEvent, readFields } from './event.ts';
import { numberTokens, parseJsonBody } from './json-body.ts';
import { isJsonType, parseMediaType } from './media-type.ts';

type Attributes = Readonly<Record<string, unknown>>;

const STRUCTURED: FieldPointers<EventField> = {
  metric_name: '/type',
  metric_value: '/data/value',
  unit: '/data/unit',
  timestamp: '/time',
  user_id: '/subject',
  metadata: '/data',
  idempotency_key: '/id',
};

/** In binary mode the body is the data, and attributes are named by their headers. */
const BINARY: FieldPointers<EventField> = {
  metric_name: 'ce-type',
  metric_value: '/value',
  unit: '/unit',
  timestamp: 'ce-time',
  user_id: 'ce-subject',
  metadata: '',
  idempotency_key: 'ce-id',
};

/**
 * The idempotency key of a CloudEvent: `ce:` and the SHA-256, in hex, of source and id, each preceded by its length
 * in UTF-8 bytes and a colon. ('/a', '1') hashes `2:/a1:1`.
 */
export const cloudEventKey = (source: string, id: string): string =>
  `ce:${sha256Hex(`${utf8Length(source)}:${source}${utf8Length(id)}:${id}`)}`;

/** Throws AppError: malformed_json. */
export function parseCloudEvent(text: string, now: number): ParsedEvents {
  const body = parseJsonBody(text);
  const tokens = numberTokens(text, body, 'value', (event) => [dataOf(event)]);
  return {
    shape: 'single',
    events: [readStructured(body, tokens[0], now, '')],
    idempotencyKeyInReceipt: true,
  };
}

/** Throws AppError: malformed_json, invalid_request (not an array, empty_batch), payload_too_large. */
export function parseCloudEventBatch(text: string, now: number): ParsedEvents {
  const body = parseJsonBody(text);
  if (!Array.isArray(body)) {
    throw invalidRequest([
      { pointer: '', code: 'wrong_type', detail: 'A batch must be an array of events.' },
    ]);
  }
  assertCount(body.length, '');
  const tokens = numberTokens(text, body, 'value', (batch) => (batch as readonly unknown[]).map(dataOf));
  const events = body.map((event, index) => readStructured(event, tokens[index], now, `/${index}`));
  return { shape: 'batch', events, idempotencyKeyInReceipt: true };
}

/** Throws AppError: malformed_json. An empty body is an event without data. */
export function parseBinaryCloudEvent(headers: Headers, text: string, now: number): ParsedEvents {
  const data = text === '' ? undefined : parseJsonBody(text);
  const tokens = numberTokens(text, data, 'value', (body) => [body]);
  const faults = new Faults('', BINARY);
  const event = readCloudEvent(readHeaders(headers, faults), data, tokens[0], now, faults);
  return { shape: 'single', events: [faults.list ?? event], idempotencyKeyInReceipt: true };
}

const dataOf = (event: unknown): unknown => (isObject(event) ? event['data'] : undefined);

const ATTRIBUTE_NAME = /^[a-z0-9]+$/;

function readStructured(
  raw: unknown,
  numberToken: string | undefined,
  now: number,
  pointer: string,
): ReadEvent {
  if (!isObject(raw)) return [{ pointer, code: 'wrong_type', detail: 'A CloudEvent must be a JSON object.' }];
  const faults = new Faults(pointer, STRUCTURED);
  const event = readCloudEvent(raw, raw['data'], numberToken, now, faults);
  const contentType = raw['datacontenttype'] ?? null;
  if (contentType !== null && !(typeof contentType === 'string' && isJsonType(parseMediaType(contentType)))) {
    faults.addAt('/datacontenttype', 'wrong_type', 'datacontenttype must be a JSON media type.');
  }
  if ((raw['data_base64'] ?? null) !== null) {
    faults.addAt('/data_base64', 'wrong_type', 'data_base64 is not accepted: data must be JSON.');
  }
  let unknown = 0;
  for (const name of Object.keys(raw)) {
    if (ATTRIBUTE_NAME.test(name) || name === 'data_base64' || ++unknown > 10) continue;
    const detail = `${quoteName(name)} is not a valid attribute name. Use lower-case letters and digits.`;
    faults.addAt(`/${escapePointer(name)}`, 'unknown_field', detail);
  }
  return faults.list ?? event;
}

/** Shared by all modes. A null attribute counts as absent, as in the JSON event format. */
function readCloudEvent(
  attributes: Attributes,
  data: unknown,
  numberToken: string | undefined,
  now: number,
  faults: Faults<EventField>,
): ReturnType<typeof readFields> {
  // Pointers name headers in binary mode and members in structured mode; both end in the attribute's name.
  const at = faults.pointers.metric_name.slice(0, -'type'.length);
  const version = attributes['specversion'] ?? null;
  if (version === null) faults.addAt(`${at}specversion`, 'required', 'specversion is required.');
  else if (version !== '1.0') {
    faults.addAt(`${at}specversion`, 'unsupported_version', 'specversion must be "1.0".');
  }
  const id = readIdentity(attributes['id'], 'id', at, faults);
  const source = readIdentity(attributes['source'], 'source', at, faults);
  const time = attributes['time'] ?? null;
  if (time !== null && typeof time !== 'string') {
    faults.addAt(`${at}time`, 'wrong_type', 'time must be an RFC 3339 date-time.');
  }
  if (!isObject(data ?? {}))
    faults.addAt(faults.pointers.metadata, 'wrong_type', 'data must be a JSON object.');
  // Rest properties copy a member named __proto__ as data.
  const { value = '1', unit = '', ...rest } = isObject(data) ? data : {};
  const fields = {
    metric_name: attributes['type'],
    // Only an absent value has a default. A null is the sender's mistake, and a quantity is never guessed.
    metric_value: value ?? false,
    unit: unit ?? false,
    timestamp: typeof time === 'string' ? time : null,
    user_id: attributes['subject'],
    metadata: rest,
    idempotency_key: cloudEventKey(source, id),
  };
  return readFields(fields, numberToken, now, faults);
}

function readIdentity(value: unknown, name: string, at: string, faults: Faults<EventField>): string {
  const place = at + name;
  if (value === undefined || value === null) faults.addAt(place, 'required', `${name} is required.`);
  else if (typeof value !== 'string') faults.addAt(place, 'wrong_type', `${name} must be a string.`);
  else if (value === '') faults.addAt(place, 'too_short', `${name} must not be empty.`);
  else if (!isStorableText(value)) {
    faults.addAt(place, 'not_unicode', `${name} must be valid Unicode without U+0000.`);
  } else return value;
  return '';
}

const HEADER_ATTRIBUTES = ['specversion', 'id', 'source', 'type', 'time', 'subject'] as const;

export const isBinaryCloudEvent = (headers: Headers): boolean =>
  HEADER_ATTRIBUTES.some((name) => headers.has(`ce-${name}`));

function readHeaders(headers: Headers, faults: Faults<EventField>): Attributes {
  const attributes: Record<string, string> = {};
  for (const name of HEADER_ATTRIBUTES) {
    const header = headers.get(`ce-${name}`);
    if (header === null) continue;
    const value = decodeHeader(header);
    if (value !== null) attributes[name] = value;
    else {
      faults.addAt(
        `ce-${name}`,
        'bad_encoding',
        `ce-${name} must be printable ASCII, with other characters percent-encoded as UTF-8.`,
      );
      // A placeholder for the unreadable value, so that one mistake is not reported twice.
      attributes[name] = STAND_IN[name];
    }
  }
  return attributes;
}

const STAND_IN = {
  specversion: '1.0',
  id: '-',
  source: '-',
  type: '-',
  time: '2000-01-01T00:00:00Z',
  subject: '-',
} as const;

/**
 * Decodes an attribute from its header (CloudEvents HTTP binding 1.0.2 §3.1.3.2): removes double quotes, then
 * applies one round of percent-decoding. Null if the result is not UTF-8, or if the header has raw bytes, which
 * runtimes decode differently.
 */
function decodeHeader(header: string): string | null {
  if (!/^[\t\x20-\x7e]*$/.test(header)) return null;
  const isQuoted = header.length >= 2 && header.startsWith('"') && header.endsWith('"');
  const text = isQuoted ? header.slice(1, -1).replace(/\\(.)/g, '$1') : header;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
