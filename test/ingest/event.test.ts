import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/core/error.ts';
import { type ReadEvent, readEvent } from '../../src/ingest/event.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const GOOD = { metric_name: 'tokens', metric_value: '1.5', unit: 'token', idempotency_key: 'k1' };

const read = (raw: unknown, token?: string): ReadEvent => readEvent(raw, token, NOW, '/3');
const faultsOf = (event: ReadEvent): [string, string][] =>
  Array.isArray(event) ? event.map(({ pointer, code }: Fault): [string, string] => [pointer, code]) : [];
const accepted = (event: ReadEvent): Exclude<ReadEvent, Fault[]> => {
  if (Array.isArray(event)) throw new Error(`refused: ${JSON.stringify(event)}`);
  return event;
};
const withField = (name: string, value: unknown): Record<string, unknown> => ({ ...GOOD, [name]: value });

describe('an event as it is accepted', () => {
  test('the least it can be', () => {
    expect(read(GOOD)).toEqual({
      metric_name: 'tokens',
      metric_value: '1.5',
      unit: 'token',
      timestamp: null,
      user_id: null,
      metadata: '{}',
      idempotency_key: 'k1',
      generation: null,
    });
  });

  test('all it can be', () => {
    const raw = { ...GOOD, timestamp: '2026-11-21T11:00:00.5Z', user_id: 'u', metadata: { b: 1, a: 'x' } };
    expect(read(raw)).toMatchObject({
      timestamp: Date.UTC(2026, 10, 21, 11, 0, 0, 500),
      user_id: 'u',
      metadata: '{"a":"x","b":1}',
    });
  });

  test('null is absent where a field is optional, and missing where it is required', () => {
    const optional = read({ ...GOOD, timestamp: null, user_id: null, metadata: null });
    expect(optional).toEqual(read(GOOD));
    const none = { metric_name: null, metric_value: null, unit: null, idempotency_key: null };
    expect(faultsOf(read(none))).toEqual([
      ['/3/metric_name', 'required'],
      ['/3/metric_value', 'required'],
      ['/3/unit', 'required'],
      ['/3/idempotency_key', 'required'],
    ]);
  });
});

describe('what is refused, in the order of the check', () => {
  test.each([null, undefined, true, 1, 'text', [], [GOOD]])('%j is no event', (raw) => {
    expect(faultsOf(read(raw))).toEqual([['/3', 'wrong_type']]);
  });

  const TEXTS: [string, number, number][] = [
    ['metric_name', 1, 128],
    ['unit', 0, 64],
    ['idempotency_key', 1, 255],
    ['user_id', 1, 255],
  ];
  const textRows = TEXTS.flatMap(([field, min, max]): [string, string, unknown, string][] => [
    [field, 'a number', 7, 'wrong_type'],
    [field, 'an object', {}, 'wrong_type'],
    [field, 'empty', '', min === 0 ? 'accepted' : 'too_short'],
    [field, 'one character', 'x', 'accepted'],
    [field, `${max} characters`, 'x'.repeat(max), 'accepted'],
    [field, `${max + 1} characters`, 'x'.repeat(max + 1), 'too_long'],
    [field, `${max} characters of two units`, '😀'.repeat(max), 'accepted'],
    [field, `${max + 1} characters of two units`, '😀'.repeat(max + 1), 'too_long'],
    [field, `${max} units and a pair`, `${'x'.repeat(max - 1)}😀`, 'accepted'],
    [field, `${max * 2 + 1} units`, 'x'.repeat(max * 2 + 1), 'too_long'],
    [field, 'a lone surrogate', 'a\ud800', 'not_unicode'],
    [field, 'U+0000', 'a\0b', 'not_unicode'],
    [field, 'other control characters', '\u0001\n', 'accepted'],
  ]);
  test.each(textRows)('%s: %s', (field, _, value, code) => {
    const expected = code === 'accepted' ? [] : [[`/3/${field}`, code]];
    const event = read(withField(field, value));
    expect(faultsOf(event)).toEqual(expected);
    if (code === 'accepted') expect(accepted(event)).toHaveProperty(field, value);
  });

  test.each([
    [true, 'wrong_type'],
    [['1'], 'wrong_type'],
    [{}, 'wrong_type'],
    ['', 'not_decimal'],
    ['abc', 'not_decimal'],
    ['1e3', 'not_decimal'],
    ['+1', 'not_decimal'],
    ['.5', 'not_decimal'],
    ['5.', 'not_decimal'],
    [' 1', 'not_decimal'],
    ['1,5', 'not_decimal'],
    ['0x10', 'not_decimal'],
    ['١', 'not_decimal'],
    ['NaN', 'not_decimal'],
    ['Infinity', 'not_decimal'],
    ['-', 'not_decimal'],
    ['--1', 'not_decimal'],
    ['1\0', 'not_decimal'],
    ['9'.repeat(27), 'too_many_digits'],
    [`-${'9'.repeat(27)}`, 'too_many_digits'],
    [`0.${'1'.repeat(13)}`, 'too_many_digits'],
    ['1.0000000000000', 'too_many_digits'],
  ])('metric_value %j: %s', (value, code) => {
    expect(faultsOf(read(withField('metric_value', value)))).toEqual([['/3/metric_value', code]]);
  });

  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['1', '1'],
    ['1.50', '1.5'],
    ['007', '7'],
    ['-2.25', '-2.25'],
    ['0.000000000001', '0.000000000001'],
    ['9'.repeat(26), '9'.repeat(26)],
    [`-${'9'.repeat(26)}.${'9'.repeat(12)}`, `-${'9'.repeat(26)}.${'9'.repeat(12)}`],
    [`000${'9'.repeat(26)}`, '9'.repeat(26)],
  ])('metric_value %j is %j', (value, canonical) => {
    expect(accepted(read(withField('metric_value', value))).metric_value).toBe(canonical);
  });

  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['1.50', '1.5'],
    ['123456789012345', '123456789012345'],
    ['0.00012345', '0.00012345'],
    ['100.000000000000', '100'],
    ['1234567890123456', 'imprecise_number'],
    ['1000000000000000', 'imprecise_number'],
    ['1.000000000000000', 'imprecise_number'],
    ['0.1000000000000000055', 'imprecise_number'],
    ['1e3', 'not_decimal'],
    ['1E-3', 'not_decimal'],
    ['1e400', 'not_decimal'],
    ['1.5e0', 'not_decimal'],
    ['0.0000000000001', 'too_many_digits'],
  ])('metric_value as the number %s: %s', (token, expected) => {
    const event = read(withField('metric_value', Number(token)), token);
    if (/^-?[0-9.]+$/.test(expected)) expect(accepted(event).metric_value).toBe(expected);
    else expect(faultsOf(event)).toEqual([['/3/metric_value', expected]]);
  });

  test('a number whose token nobody knows is refused', () => {
    expect(faultsOf(read(withField('metric_value', 1)))).toEqual([['/3/metric_value', 'imprecise_number']]);
  });

  test.each([
    [true, 'wrong_type'],
    [{}, 'wrong_type'],
    ['', 'not_a_time'],
    ['yesterday', 'not_a_time'],
    ['2026-02-30T00:00:00Z', 'not_a_time'],
    ['2026-11-21T10:00:00', 'not_a_time'],
    ['1700000000000', 'not_a_time'],
    [1_700_000_000_000.5, 'not_a_time'],
    [Number.POSITIVE_INFINITY, 'not_a_time'],
    [-1, 'seconds_not_milliseconds'],
    [0, 'seconds_not_milliseconds'],
    [1_700_000_000, 'seconds_not_milliseconds'],
    [99_999_999_999, 'seconds_not_milliseconds'],
    [100_000_000_000, 'too_old'],
    [Date.UTC(2000, 0, 1) - 1, 'too_old'],
    ['1999-12-31T23:59:59.999Z', 'too_old'],
    ['1969-07-20T20:17:40Z', 'too_old'],
    [NOW + 3_600_001, 'in_the_future'],
    ['2026-11-21T13:00:00.001Z', 'in_the_future'],
    [1e300, 'in_the_future'],
  ])('timestamp %j: %s', (value, code) => {
    expect(faultsOf(read(withField('timestamp', value)))).toEqual([['/3/timestamp', code]]);
  });

  test.each([
    [Date.UTC(2000, 0, 1), Date.UTC(2000, 0, 1)],
    ['2000-01-01T00:00:00Z', Date.UTC(2000, 0, 1)],
    ['2000-01-01T05:30:00+05:30', Date.UTC(2000, 0, 1)],
    [NOW, NOW],
    [NOW + 3_600_000, NOW + 3_600_000],
    ['2026-11-21T13:00:00.000999Z', NOW + 3_600_000],
  ])('timestamp %j is %i', (value, instant) => {
    expect(accepted(read(withField('timestamp', value))).timestamp).toBe(instant);
  });

  test.each([
    ['a text', 'x', 'wrong_type'],
    ['a list', [], 'wrong_type'],
    ['false', false, 'wrong_type'],
    ['9 levels', JSON.parse(`${'{"a":'.repeat(8)}{}${'}'.repeat(8)}`), 'too_deep'],
    ['200,000 levels', JSON.parse(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`), 'too_deep'],
    ['4,097 bytes', { a: 'x'.repeat(4089) }, 'too_large'],
    ['a lone surrogate', { a: '\udc00' }, 'not_unicode'],
    ['U+0000 in a name', { '\0': 1 }, 'not_unicode'],
    ['1e400', JSON.parse('{"a":1e400}'), 'not_finite'],
  ])('metadata: %s', (_, value, code) => {
    expect(faultsOf(read(withField('metadata', value)))).toEqual([['/3/metadata', code]]);
  });

  test('metadata of 4,096 bytes and 8 levels is accepted', () => {
    expect(accepted(read(withField('metadata', { a: 'x'.repeat(4088) }))).metadata).toHaveLength(4096);
    const deep = JSON.parse(`${'{"a":'.repeat(7)}{}${'}'.repeat(7)}`);
    expect(accepted(read(withField('metadata', deep))).metadata).toBe(JSON.stringify(deep));
  });

  test('__proto__ and constructor are data in metadata and no fields of an event', () => {
    const raw = JSON.parse(
      `{"metric_name":"m","metric_value":"1","unit":"","idempotency_key":"k","metadata":{"__proto__":{"unit":"x"},"constructor":1}}`,
    );
    expect(accepted(read(raw)).metadata).toBe('{"__proto__":{"unit":"x"},"constructor":1}');
    const smuggled = JSON.parse('{"__proto__":{"metric_name":"m"},"constructor":1,"toString":2}');
    expect(faultsOf(read({ ...smuggled, ...GOOD }))).toEqual([
      ['/3/__proto__', 'unknown_field'],
      ['/3/constructor', 'unknown_field'],
      ['/3/toString', 'unknown_field'],
    ]);
    expect(faultsOf(read(JSON.parse('{"__proto__":{"metric_name":"m"}}')))).toContainEqual([
      '/3/metric_name',
      'required',
    ]);
  });

  test('an unknown field is one fault each, ten at most, after all others, its name escaped and cut', () => {
    expect(faultsOf(read(withField('a/b~c', 1)))).toEqual([['/3/a~1b~0c', 'unknown_field']]);
    expect(faultsOf(read(withField('Unit', 1)))).toEqual([['/3/Unit', 'unknown_field']]);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`x${i}`, i]));
    expect(faultsOf(read({ ...many, ...GOOD }))).toHaveLength(10);
    expect(faultsOf(read({ ...many, ...GOOD, unit: 1 }))[0]).toEqual(['/3/unit', 'wrong_type']);
    const [fault] = read(withField('y'.repeat(1_000_000), 1)) as Fault[];
    expect(JSON.stringify(fault).length).toBeLessThan(500);
  });

  test('every fault of an event is told at once', () => {
    const raw = {
      metric_name: '',
      metric_value: 'x',
      unit: 1,
      timestamp: 1,
      user_id: '',
      metadata: [],
      z: 0,
    };
    expect(faultsOf(read(raw))).toEqual([
      ['/3/metric_name', 'too_short'],
      ['/3/metric_value', 'not_decimal'],
      ['/3/unit', 'wrong_type'],
      ['/3/timestamp', 'seconds_not_milliseconds'],
      ['/3/idempotency_key', 'required'],
      ['/3/user_id', 'too_short'],
      ['/3/metadata', 'wrong_type'],
      ['/3/z', 'unknown_field'],
    ]);
  });
});

test('no JSON whatever makes the reader throw or accept what cannot be stored', () => {
  const raw = fc.record(
    {
      metric_name: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
      metric_value: fc.oneof(fc.string(), fc.double(), fc.jsonValue()),
      unit: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
      idempotency_key: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
      timestamp: fc.oneof(fc.string(), fc.double(), fc.jsonValue()),
      metadata: fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.object()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(raw, fc.jsonValue()), (sent) => {
      const event = readEvent(JSON.parse(JSON.stringify(sent)), undefined, NOW, '');
      if (!Array.isArray(event)) expect(JSON.stringify(event)).not.toContain('\\u0000');
    }),
    { numRuns: 2000 },
  );
});
