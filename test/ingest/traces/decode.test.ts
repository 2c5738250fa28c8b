/** Both OTLP encodings decode to the same spans. A body that is not a valid message is rejected, never read in part. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/core/error.ts';
import { decodeJsonSpans } from '../../../src/ingest/traces/decode-json.ts';
import { decodeProtobufSpans } from '../../../src/ingest/traces/decode-protobuf.ts';
import type { Span } from '../../../src/ingest/traces/span.ts';
import {
  type AttributeValue,
  jsonAttributes,
  jsonTraces,
  protobufTraces,
  spanOf,
  type TestSpan,
} from './spans.ts';

const fromJson = (body: unknown): Span[] => decodeJsonSpans(JSON.stringify(body));

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((all) => Buffer.from(all.map((byte, index) => (index === 0 ? byte | 1 : byte))).toString('hex'));

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    // JSON.stringify writes -0 as 0.
    fc.double().map((double) => double + 0),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
}));
const attributes = fc.dictionary(text, value, { maxKeys: 6 });
const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const span: fc.Arbitrary<TestSpan> = fc.record({
  trace: hex(16),
  id: hex(8),
  parent: fc.oneof(fc.constant(''), hex(8)),
  name: text,
  kind: fc.nat(5),
  start: time,
  end: time,
  status: fc.record({ code: fc.nat(2), message: text }),
  attributes,
});

test('JSON and protobuf of the same spans read the same, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 4 }), attributes, (spans, resource) => {
      const read = decodeProtobufSpans(protobufTraces(spans, resource));
      expect(read).toEqual(fromJson(jsonTraces(spans, resource)));
      expect(read).toMatchObject(
        spans.map(({ trace, id, parent, start, end, kind, status }) => ({
          trace_id: trace,
          span_id: id,
          parent_span_id: parent,
          started_at: start,
          ended_at: end,
          kind,
          is_error: status.code === 2,
          status_message: status.message,
        })),
      );
    }),
    { numRuns: 300 },
  );
});

test('a protobuf that ends early anywhere is refused', () => {
  const whole = protobufTraces([spanOf({ attributes: { list: ['a', 1n, { b: 0.5 }] } })], {
    'service.name': 's',
  });
  expect(decodeProtobufSpans(whole)).toHaveLength(1);
  for (let length = 1; length < whole.length; length++) {
    expect(() => decodeProtobufSpans(whole.subarray(0, length)), `${length}`).toThrow(AppError);
  }
});

test('bytes of any kind are read or refused, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(Array.isArray(decodeProtobufSpans(bytes))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 5000 },
  );
  const whole = protobufTraces([spanOf()]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const broken = whole.slice();
      broken[at] = byte;
      try {
        decodeProtobufSpans(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('an empty message has no spans', () => {
  expect(decodeProtobufSpans(new Uint8Array())).toEqual([]);
  for (const body of [
    {},
    { resourceSpans: [] },
    { resourceSpans: null },
    { unknown: 1, resourceSpans: [{}] },
  ]) {
    expect(fromJson(body)).toEqual([]);
  }
});

const TRACE = '5b8efff798038103d269b633813fc60c';
const ID = 'eee19b7ec3c1b174';
const PARENT = 'eee19b7ec3c1b173';
const only = (span: object): Span => {
  const [read] = fromJson({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  if (!read) throw new Error('no span');
  return read;
};

describe('JSON as senders write it', () => {
  const base64 = (id: string): string => Buffer.from(id, 'hex').toString('base64');
  const expected = {
    trace_id: TRACE,
    span_id: ID,
    parent_span_id: PARENT,
    kind: 3,
    started_at: 1_544_712_660_000_000_001n,
    ended_at: 1_544_712_661_000_000_000n,
    is_error: true,
    status_message: 'm',
  };
  test.each<[string, object]>([
    [
      'as the protocol says',
      {
        traceId: TRACE,
        spanId: ID,
        parentSpanId: PARENT,
        kind: 3,
        startTimeUnixNano: '1544712660000000001',
        endTimeUnixNano: '1544712661000000000',
        status: { code: 2, message: 'm' },
      },
    ],
    [
      'snake_case, ids in capitals, enums by name',
      {
        trace_id: TRACE.toUpperCase(),
        span_id: ID.toUpperCase(),
        parent_span_id: PARENT,
        kind: 'SPAN_KIND_CLIENT',
        start_time_unix_nano: '1544712660000000001',
        end_time_unix_nano: '1544712661000000000',
        status: { code: 'STATUS_CODE_ERROR', message: 'm' },
      },
    ],
    [
      'ids in base64',
      {
        traceId: base64(TRACE),
        spanId: base64(ID),
        parentSpanId: base64(PARENT),
        kind: 3,
        startTimeUnixNano: '1544712660000000001',
        endTimeUnixNano: '1544712661000000000',
        status: { code: 2, message: 'm' },
      },
    ],
  ])('%s', (_, written) => {
    expect(only(written)).toMatchObject(expected);
  });

  test('times and integers as numbers are exact beyond what a double holds', () => {
    const [span] = decodeJsonSpans(
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${TRACE}","spanId":"${ID}","startTimeUnixNano":1544712660000000001,
       "attributes":[{"key":"n","value":{"intValue":9007199254740993}},{"key":"d","value":{"doubleValue":0.1}}]}]}]}]}`,
    );
    expect(span?.started_at).toBe(1_544_712_660_000_000_001n);
    expect(span?.attributes).toEqual(
      new Map<string, unknown>([
        ['n', 9_007_199_254_740_993n],
        ['d', 0.1],
      ]),
    );
  });

  test.each<[string, unknown]>([
    ['zeros', '0'.repeat(32)],
    ['too short', TRACE.slice(2)],
    ['no hex', 'x'.repeat(32)],
    ['no text', 5],
    ['nothing', undefined],
  ])('a trace id of %s is none', (_, traceId) => {
    expect(only({ traceId, spanId: ID }).trace_id).toBe('');
  });

  test.each<[string, unknown, unknown]>([
    ['a text', { stringValue: 'x' }, 'x'],
    ['an empty text', { stringValue: '' }, ''],
    ['an integer as text', { intValue: '12' }, 12n],
    ['an integer as number', { int_value: 12 }, 12n],
    ['a negative integer', { intValue: '-12' }, -12n],
    ['an integer that is none', { intValue: '1.5' }, null],
    ['a double', { doubleValue: 1.5 }, 1.5],
    ['a double as text', { doubleValue: '1.5' }, 1.5],
    ['a double beyond all', { double_value: '-Infinity' }, -Infinity],
    ['null, as JSON.stringify makes of NaN', { doubleValue: null }, null],
    ['a flag', { boolValue: false }, false],
    ['a list', { arrayValue: { values: [{ stringValue: 'a' }, {}] } }, ['a', null]],
    ['an empty list', { arrayValue: {} }, []],
    [
      'members',
      { kvlistValue: { values: [{ key: '__proto__', value: { intValue: 1 } }] } },
      { ['__proto__']: 1n },
    ],
    ['bytes', { bytesValue: 'AQI=' }, 'AQI='],
    ['no kind', {}, null],
    ['an unknown kind', { fooValue: 1 }, null],
    ['no object', 'x', null],
  ])('%s', (_, written, expected) => {
    const { attributes } = only({ attributes: [{ key: 'a', value: written }] });
    expect(attributes.get('a')).toEqual(expected);
  });

  test('what is no attribute and no span is passed over, and of a name the last holds', () => {
    const { attributes } = only({
      attributes: [
        1,
        null,
        { value: {} },
        ...jsonAttributes({ a: 1 }),
        { key: 'a', value: { stringValue: 'b' } },
      ],
    });
    expect(attributes).toEqual(
      new Map<string, unknown>([
        ['', null],
        ['a', 'b'],
      ]),
    );
    expect(fromJson({ resourceSpans: [{ scopeSpans: [null, { spans: [1, 'x', null] }] }] })).toEqual([]);
    expect(only({ attributes: 'x' }).attributes.size).toBe(0);
  });

  test.each([
    '',
    '[]',
    'null',
    '"x"',
    '{',
    '{"resourceSpans":{}}',
    '{"resourceSpans":[1]}',
    '{"resourceSpans":[{"scopeSpans":1}]}',
  ])('%s is no body of spans', (body) => {
    expect(() => decodeJsonSpans(body)).toThrow(AppError);
  });
});

test.each([{ toString: 1 }, [], [1], true, 1.5, 'NaN', '1e3'])(
  'an integer that is %j is no value, and the spans beside it stand',
  (intValue) => {
    const spans = [
      { traceId: TRACE, spanId: ID, attributes: [{ key: 'a', value: { intValue } }] },
      { traceId: TRACE, spanId: PARENT, attributes: [{ key: 'a', value: { intValue: '7' } }] },
    ];
    const read = fromJson({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    expect(read.map(({ attributes }) => attributes.get('a'))).toEqual([null, 7n]);
  },
);

test('values deeper than 32 levels count as nothing, and cost no call', () => {
  let deep: AttributeValue = 'end';
  for (let level = 0; level < 40; level++) deep = level % 2 === 0 ? [deep] : { a: deep };
  const spans = [spanOf({ attributes: { deep } })];
  const read = decodeProtobufSpans(protobufTraces(spans));
  expect(read).toEqual(fromJson(jsonTraces(spans)));
  expect(JSON.stringify(read[0]?.attributes.get('deep'))).not.toContain('end');
  const levels = 100_000;
  const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${TRACE}","attributes":[{"key":"n","value":{"intValue":9007199254740993}},
    {"key":"d","value":${'{"arrayValue":{"values":['.repeat(levels)}${']}}'.repeat(levels)}}]}]}]}]}`;
  expect(decodeJsonSpans(text)).toHaveLength(1);
});

test('ten thousand attributes are read in both encodings', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`a${index}`, index]));
  const spans = [spanOf({ attributes: many })];
  expect(decodeProtobufSpans(protobufTraces(spans))).toEqual(fromJson(jsonTraces(spans)));
});

test('a resource that stands behind its spans is theirs', () => {
  const whole = protobufTraces([spanOf()], { 'user.id': 'u' });
  const [first = 0, length = 0] = [whole[0], whole.length];
  expect(first).toBe(10);
  // The fields of the single ResourceSpans, in reverse order.
  const inner = whole.subarray(length - decodeLength(whole).length);
  const resourceLength = 2 + (inner[1] ?? 0);
  const turned = [...inner.subarray(resourceLength), ...inner.subarray(0, resourceLength)];
  const body = Uint8Array.from([...whole.subarray(0, length - inner.length), ...turned]);
  expect(decodeProtobufSpans(body)).toEqual(decodeProtobufSpans(whole));
  expect(decodeProtobufSpans(body)[0]?.resource.get('user.id')).toBe('u');
});

function decodeLength(bytes: Uint8Array): { readonly length: number } {
  let [length, shift, at] = [0, 0, 1];
  for (; ; at++) {
    const byte = bytes[at] ?? 0;
    length |= (byte & 127) << shift;
    shift += 7;
    if (byte < 128) return { length };
  }
}
