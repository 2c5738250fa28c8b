/**
 * ExportTraceServiceRequest in protobuf (opentelemetry-proto 1.x): the fields that billing reads; all others are skipped.
 * The reader is @bufbuild/protobuf's, which needs no code made at run time and keeps 64-bit integers whole.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { AppError } from '../../core/error.ts';
import { base64Of, ERROR_STATUS, hexOf, type Span, VALUE_LEVELS_MAX, type Value, validId } from './span.ts';

/** Throws AppError: malformed_json, where the bytes are no such message or end within one. */
export function decodeProtobufSpans(bytes: Uint8Array): Span[] {
  const spans: Span[] = [];
  try {
    const reader = new BinaryReader(bytes);
    readFields(reader, bytes.length, (field, type) => {
      if (field !== 1 || type !== WireType.LengthDelimited) return false;
      readResourceSpans(reader, spans);
      return true;
    });
  } catch (error) {
    throw new AppError('malformed_json', 'The body is not a valid OTLP protobuf message.', { cause: error });
  }
  return spans;
}

/** Reads a message up to `end`; `read` answers whether it took the field. */
function readFields(
  reader: BinaryReader,
  end: number,
  read: (field: number, type: WireType) => boolean,
): void {
  if (end > reader.len) throw new RangeError('a message ends beyond the body');
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (!read(field, type)) reader.skip(type, field);
  }
  if (reader.pos !== end) throw new RangeError('a field ends beyond its message');
}

const readMessage = (reader: BinaryReader, read: (field: number, type: WireType) => boolean): void => {
  const length = reader.uint32();
  readFields(reader, reader.pos + length, read);
};

function readResourceSpans(reader: BinaryReader, spans: Span[]): void {
  // Filled when the resource is read, which may stand behind its spans.
  const resource = new Map<string, Value>();
  readMessage(reader, (field, type) => {
    if (type !== WireType.LengthDelimited) return false;
    if (field === 1)
      readMessage(reader, (inner, innerType) => readAttribute(reader, inner === 1, innerType, resource));
    else if (field === 2) readScopeSpans(reader, resource, spans);
    else return false;
    return true;
  });
}

function readScopeSpans(reader: BinaryReader, resource: Map<string, Value>, spans: Span[]): void {
  readMessage(reader, (field, type) => {
    if (field !== 2 || type !== WireType.LengthDelimited) return false;
    spans.push(readSpan(reader, resource));
    return true;
  });
}

function readSpan(reader: BinaryReader, resource: Map<string, Value>): Span {
  const attributes = new Map<string, Value>();
  const ids = ['', '', ''];
  const times = [0n, 0n];
  let [kind, code, status_message] = [0, 0, ''];
  readMessage(reader, (field, type) => {
    switch (type) {
      case WireType.LengthDelimited:
        if (field === 1) ids[0] = validId(hexOf(reader.bytes()), 16);
        else if (field === 2) ids[1] = validId(hexOf(reader.bytes()), 8);
        else if (field === 4) ids[2] = validId(hexOf(reader.bytes()), 8);
        else if (field === 9) return readAttribute(reader, true, type, attributes);
        else if (field === 15) {
          readMessage(reader, (inner, innerType) => {
            if (inner === 2 && innerType === WireType.LengthDelimited) status_message = reader.string();
            else if (inner === 3 && innerType === WireType.Varint) code = reader.int32();
            else return false;
            return true;
          });
        } else return false;
        return true;
      case WireType.Varint:
        if (field !== 6) return false;
        kind = reader.int32();
        return true;
      case WireType.Bit64:
        if (field !== 7 && field !== 8) return false;
        times[field - 7] = BigInt(reader.fixed64());
        return true;
      default:
        return false;
    }
  });
  const [trace_id = '', span_id = '', parent_span_id = ''] = ids;
  const [started_at = 0n, ended_at = 0n] = times;
  const is_error = code === ERROR_STATUS;
  return {
    trace_id,
    span_id,
    parent_span_id,
    kind,
    started_at,
    ended_at,
    is_error,
    status_message,
    attributes,
    resource,
  };
}

/** A KeyValue into `attributes`; the last of a name holds. */
function readAttribute(
  reader: BinaryReader,
  isOne: boolean,
  type: WireType,
  attributes: Map<string, Value>,
  levels = VALUE_LEVELS_MAX,
): boolean {
  if (!isOne || type !== WireType.LengthDelimited) return false;
  let [name, value]: [string, Value] = ['', null];
  readMessage(reader, (field, inner) => {
    if (inner !== WireType.LengthDelimited) return false;
    if (field === 1) name = reader.string();
    else if (field === 2) value = readValue(reader, levels);
    else return false;
    return true;
  });
  attributes.set(name, value);
  return true;
}

function readValue(reader: BinaryReader, levels: number): Value {
  if (levels === 0) {
    reader.skip(WireType.LengthDelimited);
    return null;
  }
  let value: Value = null;
  readMessage(reader, (field, type) => {
    if (field === 1 && type === WireType.LengthDelimited) value = reader.string();
    else if (field === 2 && type === WireType.Varint) value = reader.bool();
    else if (field === 3 && type === WireType.Varint) value = BigInt(reader.int64());
    else if (field === 4 && type === WireType.Bit64) value = reader.double();
    else if (field === 5 && type === WireType.LengthDelimited) value = readList(reader, levels - 1);
    else if (field === 6 && type === WireType.LengthDelimited) {
      const members = new Map<string, Value>();
      readMessage(reader, (inner, innerType) =>
        readAttribute(reader, inner === 1, innerType, members, levels - 1),
      );
      value = Object.fromEntries(members);
    } else if (field === 7 && type === WireType.LengthDelimited) value = base64Of(reader.bytes());
    else return false;
    return true;
  });
  return value;
}

function readList(reader: BinaryReader, levels: number): Value[] {
  const values: Value[] = [];
  readMessage(reader, (field, type) => {
    if (field !== 1 || type !== WireType.LengthDelimited) return false;
    values.push(readValue(reader, levels));
    return true;
  });
  return values;
}
