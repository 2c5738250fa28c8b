/** Spans for tests and their encoders, written by hand so that they share no code with the decoders. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { randomBytes } from '../../setup/seeded.ts';

export const TRACES_PATH = '/v1/otlp/v1/traces';

export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [name: string]: AttributeValue };

export type AttributeFields = Readonly<Record<string, AttributeValue>>;

export interface TestSpan {
  readonly trace: string;
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: AttributeFields;
}

export const newTrace = (): string => randomBytes(16).toString('hex');
export const newId = (): string => randomBytes(8).toString('hex');

const START = BigInt(Date.UTC(2026, 9, 5, 12)) * 1_000_000n;

/** A call under the current conventions. Given fields replace the defaults; given attributes are merged in. */
export const spanOf = (fields: Partial<TestSpan> = {}): TestSpan => ({
  trace: newTrace(),
  id: newId(),
  parent: '',
  name: 'chat gpt-test',
  kind: 3,
  start: START,
  end: START + 1_234_567_890n,
  status: { code: 0, message: '' },
  ...fields,
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-test',
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 20,
    ...fields.attributes,
  },
});

/** The same without default attributes. */
export const bareSpan = (attributes: AttributeFields, fields: Partial<TestSpan> = {}): TestSpan => ({
  ...spanOf(fields),
  attributes,
});

export const jsonTraces = (spans: readonly TestSpan[], resource: AttributeFields = {}): unknown => ({
  resourceSpans: [
    {
      resource: { attributes: jsonAttributes(resource) },
      scopeSpans: [{ scope: { name: 'tests' }, spans: spans.map(jsonSpan) }],
    },
  ],
});

const jsonSpan = (span: TestSpan): unknown => ({
  traceId: span.trace,
  spanId: span.id,
  parentSpanId: span.parent,
  name: span.name,
  kind: span.kind,
  startTimeUnixNano: String(span.start),
  endTimeUnixNano: String(span.end),
  attributes: jsonAttributes(span.attributes),
  status: span.status,
});

export const jsonAttributes = (fields: AttributeFields): unknown[] =>
  Object.entries(fields).map(([key, value]) => ({ key, value: jsonValue(value) }));

function jsonValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return { intValue: value };
    return { doubleValue: Number.isFinite(value) ? value : String(value) };
  }
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(jsonValue) } };
  return { kvlistValue: { values: jsonAttributes(value as AttributeFields) } };
}

export function protobufTraces(
  spans: readonly TestSpan[],
  resource: AttributeFields = {},
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, 2).fork();
  writer.tag(1, 2).fork();
  writeAttributes(writer, 1, resource);
  writer.join();
  writer.tag(2, 2).fork();
  writer.tag(1, 2).fork().tag(1, 2).string('tests').join();
  for (const span of spans) writeSpan(writer, span);
  writer.join().join();
  return new Uint8Array(writer.finish());
}

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

function writeSpan(writer: BinaryWriter, span: TestSpan): void {
  writer.tag(2, 2).fork();
  writer.tag(1, 2).bytes(bytesOf(span.trace)).tag(2, 2).bytes(bytesOf(span.id));
  if (span.parent !== '') writer.tag(4, 2).bytes(bytesOf(span.parent));
  writer.tag(5, 2).string(span.name).tag(6, 0).int32(span.kind);
  writer.tag(7, 1).fixed64(span.start).tag(8, 1).fixed64(span.end);
  writeAttributes(writer, 9, span.attributes);
  writer.tag(15, 2).fork().tag(2, 2).string(span.status.message).tag(3, 0).int32(span.status.code).join();
  writer.tag(16, 5).fixed32(257);
  writer.join();
}

function writeAttributes(writer: BinaryWriter, field: number, fields: AttributeFields): void {
  for (const [key, value] of Object.entries(fields)) {
    writer.tag(field, 2).fork().tag(1, 2).string(key).tag(2, 2);
    writeValue(writer, value);
    writer.join();
  }
}

function writeValue(writer: BinaryWriter, value: AttributeValue): void {
  writer.fork();
  if (typeof value === 'string') writer.tag(1, 2).string(value);
  else if (typeof value === 'boolean') writer.tag(2, 0).bool(value);
  else if (typeof value === 'bigint') writer.tag(3, 0).int64(value);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writer.tag(3, 0).int64(value);
    else writer.tag(4, 1).double(value);
  } else if (value instanceof Uint8Array) writer.tag(7, 2).bytes(value);
  else if (Array.isArray(value)) {
    writer.tag(5, 2).fork();
    for (const each of value) {
      writer.tag(1, 2);
      writeValue(writer, each);
    }
    writer.join();
  } else {
    writer.tag(6, 2).fork();
    writeAttributes(writer, 1, value as AttributeFields);
    writer.join();
  }
  writer.join();
}
