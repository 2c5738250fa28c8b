import { AppError, type Fault, invalidRequest } from '../core/error.ts';
import { escapePointer, isObject, quoteName } from '../core/read-fields.ts';
import { assertCount, type ParsedEvents, PLAIN_EVENTS, type ReadEvent } from './event.ts';
import { numberTokens, parseJsonBody } from './json-body.ts';
import { isJsonType, type MediaType, parseMediaType } from './media-type.ts';
import {
  isBinaryCloudEvent,
  parseBinaryCloudEvent,
  parseCloudEvent,
  parseCloudEventBatch,
} from './parse-cloudevents.ts';
import { parseNdjson } from './parse-ndjson.ts';
import { readBody } from './read-body.ts';

export const EVENTS_BODY_BYTES_MAX = 5 * 1024 * 1024;

type Parse = (text: string, now: number) => ParsedEvents;

/**
 * The events of a request in the wire format that it names. Throws AppError: unsupported_media_type before the body
 * is read; payload_too_large, malformed_json; invalid_request if the body as a whole does not contain events. The
 * faults of a single event are at its position in the result.
 */
export async function parseEvents(request: Request, now: number): Promise<ParsedEvents> {
  const parse = parserOf(request.headers);
  return parse(await readBody(request, EVENTS_BODY_BYTES_MAX), now);
}

function parserOf(headers: Headers): Parse {
  if (!headers.has('content-type') && isBinaryCloudEvent(headers)) {
    return (text, now) => parseDatalessCloudEvent(headers, text, now);
  }
  return parserOfType(mediaTypeOf(headers), headers);
}

/**
 * The type of a body whose type is required. Throws AppError: unsupported_media_type (none, or a charset other than
 * UTF-8).
 */
export function mediaTypeOf(headers: Headers): MediaType {
  const contentType = headers.get('content-type');
  if (contentType === null) throw unsupported('A Content-Type is required.');
  const media = parseMediaType(contentType);
  if (media.charset !== null && media.charset !== 'utf-8' && media.charset !== 'utf8') {
    throw unsupported('Unsupported charset. Use utf-8.');
  }
  return media;
}

/** The parser for one event or a list as JSON, or one event per line. Null for any other type. */
export function jsonParserOf({ type }: MediaType): typeof parseJsonEvents | null {
  switch (type) {
    case 'application/json':
      return parseJsonEvents;
    case 'application/x-ndjson':
    case 'application/ndjson':
    case 'application/jsonl':
      return parseNdjson;
    default:
      return null;
  }
}

/** A structured or batched CloudEvent is recognised by its type alone; additional ce-* headers are copies. */
function parserOfType(media: MediaType, headers: Headers): Parse {
  if (media.type === 'application/cloudevents+json') return parseCloudEvent;
  if (media.type === 'application/cloudevents-batch+json') return parseCloudEventBatch;
  if (isBinaryCloudEvent(headers)) {
    if (!isJsonType(media)) throw unsupported('The data of a CloudEvent must be JSON.');
    return (text, now) => parseBinaryCloudEvent(headers, text, now);
  }
  const parse = jsonParserOf(media);
  if (parse) return parse;
  throw unsupported(
    'Unsupported Content-Type. Send events as application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json.',
  );
}

/** Data requires a Content-Type. */
function parseDatalessCloudEvent(headers: Headers, text: string, now: number): ParsedEvents {
  if (text !== '') throw unsupported('The data of a CloudEvent needs a Content-Type.');
  return parseBinaryCloudEvent(headers, text, now);
}

export const unsupported = (detail: string): AppError => new AppError('unsupported_media_type', detail);

/**
 * application/json: one event, an array of events, or `{"events": [...]}`. AI calls likewise, under their own name.
 * Throws AppError: malformed_json, invalid_request (not a body of events), payload_too_large.
 */
export function parseJsonEvents(text: string, now: number, format = PLAIN_EVENTS): ParsedEvents {
  const { plural, decimal, read } = format;
  const body = parseJsonBody(text);
  const isBatch = Array.isArray(body) || (isObject(body) && Object.hasOwn(body, plural));
  const raw = isBatch ? listOf(body, plural) : [body];
  if (isBatch) assertCount(raw.length, Array.isArray(body) ? '' : `/${plural}`);
  const holdersOf = isBatch ? (batch: unknown) => listOf(batch, plural) : (single: unknown) => [single];
  const tokens = numberTokens(text, body, decimal, holdersOf);
  if (!isBatch) return single(read(body, tokens[0], now, ''));
  const prefix = Array.isArray(body) ? '/' : `/${plural}/`;
  const events = raw.map((event, index) => read(event, tokens[index], now, prefix + index));
  return { shape: 'batch', events, idempotencyKeyInReceipt: false };
}

const single = (event: ReadEvent): ParsedEvents => ({
  shape: 'single',
  events: [event],
  idempotencyKeyInReceipt: false,
});

/** The list of a batch: the body itself, or its only member, which must be named `plural`. */
function listOf(body: unknown, plural: string): readonly unknown[] {
  if (Array.isArray(body)) return body;
  const { [plural]: events, ...others } = body as Readonly<Record<string, unknown>>;
  const faults: Fault[] = [];
  if (!Array.isArray(events)) {
    faults.push({ pointer: `/${plural}`, code: 'wrong_type', detail: `${plural} must be an array.` });
  }
  for (const name of Object.keys(others).slice(0, 10)) {
    const detail = `${quoteName(name)} is not allowed beside "${plural}".`;
    faults.push({ pointer: `/${escapePointer(name)}`, code: 'unknown_field', detail });
  }
  if (faults.length > 0) throw invalidRequest(faults);
  return events as readonly unknown[];
}
