/**
 * ExportTraceServiceRequest in JSON. OTLP's own form (names in lowerCamelCase, ids in hex, 64-bit integers as strings), and
 * what senders make of it: names as in the .proto files, ids in base64, integers as numbers, enums by name.
 */
import { AppError } from '../../core/error.ts';
import { isObject } from '../../core/read-fields.ts';
import { parseJsonBody } from '../json-body.ts';
import {
  type Attributes,
  ERROR_STATUS,
  hexOf,
  type Span,
  VALUE_LEVELS_MAX,
  type Value,
  validId,
} from './span.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Throws AppError: malformed_json if the text is not a JSON object with a list of spans by resource. */
export function decodeJsonSpans(text: string): Span[] {
  const body = parseExact(text);
  if (!isObject(body)) throw malformed('The body must be a JSON object.');
  const resourceSpans = member(body, 'resourceSpans', 'resource_spans') ?? [];
  if (!Array.isArray(resourceSpans)) throw malformed('resourceSpans must be an array.');
  return resourceSpans.flatMap((entry): Span[] => {
    if (!isObject(entry)) throw malformed('resourceSpans must contain objects.');
    const { resource } = entry;
    const attributes = attributesOf(isObject(resource) ? resource['attributes'] : undefined);
    return listOf(entry, 'scopeSpans', 'scope_spans').flatMap((scope) =>
      listOf(scope, 'spans', 'spans').map((span) => readSpan(span, attributes)),
    );
  });
}

const malformed = (detail: string): AppError => new AppError('malformed_json', detail);

/** Integers that a double does not hold stand as their digits. */
function parseExact(text: string): unknown {
  const body = parseJsonBody(text);
  if (!/[:[,]\s*-?\d{16}/.test(text)) return body;
  try {
    return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
        ? context?.source
        : value,
    );
  } catch (error) {
    // The reviver recurses: a body of thousands of levels is read as it is.
    if (error instanceof RangeError) return body;
    throw error;
  }
}

const member = (object: Raw, camel: string, snake: string): unknown => object[camel] ?? object[snake];

/** Keeps the objects; anything else is neither a span nor a scope. */
function listOf(object: Raw, camel: string, snake: string): Raw[] {
  const list = member(object, camel, snake);
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw malformed(`${camel} must be an array.`);
  return list.filter(isObject);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function readSpan(raw: Raw, resource: Attributes): Span {
  const status = isObject(raw['status']) ? raw['status'] : {};
  const code = status['code'];
  return {
    trace_id: idOf(member(raw, 'traceId', 'trace_id'), 16),
    span_id: idOf(member(raw, 'spanId', 'span_id'), 8),
    parent_span_id: idOf(member(raw, 'parentSpanId', 'parent_span_id'), 8),
    kind: kindOf(raw['kind']),
    started_at: nanosecondsOf(member(raw, 'startTimeUnixNano', 'start_time_unix_nano')),
    ended_at: nanosecondsOf(member(raw, 'endTimeUnixNano', 'end_time_unix_nano')),
    is_error: code === ERROR_STATUS || code === 'STATUS_CODE_ERROR',
    status_message: textOf(status['message']),
    attributes: attributesOf(raw['attributes']),
    resource,
  };
}

function idOf(value: unknown, bytes: 8 | 16): string {
  const text = textOf(value);
  if (text.length === bytes * 2) return validId(text, bytes);
  const binary = bytesOf(text);
  return binary === null ? '' : validId(hexOf(binary), bytes);
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

const kindOf = (value: unknown): number =>
  typeof value === 'number' ? value : Math.max(0, KINDS.indexOf(textOf(value).replace('SPAN_KIND_', '')));

const INTEGER = /^-?\d{1,20}$/;

const nanosecondsOf = (value: unknown): bigint => {
  const text = typeof value === 'number' ? String(value) : textOf(value);
  return INTEGER.test(text) ? BigInt.asUintN(64, BigInt(text)) : 0n;
};

/** The last of a name holds. */
function attributesOf(list: unknown, levels = VALUE_LEVELS_MAX): Attributes {
  const attributes = new Map<string, Value>();
  if (!Array.isArray(list)) return attributes;
  for (const each of list) {
    if (isObject(each)) attributes.set(textOf(each['key']), readValue(each['value'], levels));
  }
  return attributes;
}

function readValue(raw: unknown, levels: number): Value {
  if (!isObject(raw) || levels === 0) return null;
  const text = member(raw, 'stringValue', 'string_value');
  if (typeof text === 'string') return text;
  const flag = member(raw, 'boolValue', 'bool_value');
  if (typeof flag === 'boolean') return flag;
  const integer = member(raw, 'intValue', 'int_value');
  if (integer !== undefined && integer !== null) {
    const digits = typeof integer === 'number' ? String(integer) : textOf(integer);
    return INTEGER.test(digits) ? BigInt(digits) : null;
  }
  const double = member(raw, 'doubleValue', 'double_value');
  if (double !== undefined && double !== null) return doubleOf(double);
  const array = member(raw, 'arrayValue', 'array_value');
  if (isObject(array)) return valuesOf(array).map((value) => readValue(value, levels - 1));
  const members = member(raw, 'kvlistValue', 'kvlist_value');
  if (isObject(members)) return Object.fromEntries(attributesOf(valuesOf(members), levels - 1));
  const bytes = member(raw, 'bytesValue', 'bytes_value');
  return typeof bytes === 'string' ? bytes : null;
}

const valuesOf = ({ values }: Raw): readonly unknown[] => (Array.isArray(values) ? values : []);

/** "NaN", "Infinity" and "-Infinity" are strings in protobuf's JSON. */
function doubleOf(value: unknown): Value {
  if (typeof value === 'number') return value;
  const text = textOf(value).trim();
  return text === '' ? null : +text;
}
