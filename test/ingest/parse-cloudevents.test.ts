import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/core/error.ts';
import type { ParsedEvents, UsageEvent } from '../../src/ingest/event.ts';
import { cloudEventKey } from '../../src/ingest/parse-cloudevents.ts';
import { parseEvents } from '../../src/ingest/parse-events.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const STRUCTURED = 'application/cloudevents+json';
const BATCHED = 'application/cloudevents-batch+json';
const LEAST = { specversion: '1.0', id: '1', source: '/a', type: 'calls' };

const parse = (body: string | null, headers: Record<string, string>): Promise<ParsedEvents> => {
  const request = new Request('http://edge/', { method: 'POST', headers });
  return parseEvents(
    body === null ? request : new Request(request, { body: new TextEncoder().encode(body) }),
    NOW,
  );
};
const structured = (event: unknown): Promise<ParsedEvents> =>
  parse(typeof event === 'string' ? event : JSON.stringify(event), { 'content-type': STRUCTURED });
const binary = (
  attributes: Record<string, string>,
  body: string | null,
  type: string | null = 'application/json',
): Promise<ParsedEvents> => {
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
  return parse(body, { ...Object.fromEntries(headers), ...(type === null ? {} : { 'content-type': type }) });
};

const first = ({ events }: ParsedEvents): UsageEvent => {
  const [event] = events;
  if (event === undefined || Array.isArray(event)) throw new Error(`refused: ${JSON.stringify(event)}`);
  return event;
};
const faults = async (parsed: Promise<ParsedEvents>): Promise<unknown> => {
  try {
    const { events } = await parsed;
    return events.flatMap((event) =>
      Array.isArray(event) ? event.map(({ pointer, code }) => `${pointer} ${code}`) : ['ok'],
    );
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, ...error.errors.map(({ pointer, code }) => `${pointer} ${code}`)].join(', ');
  }
};

describe('the mapping', () => {
  test('the least an event can be', async () => {
    expect(await structured(LEAST)).toEqual({
      shape: 'single',
      idempotencyKeyInReceipt: true,
      events: [
        {
          metric_name: 'calls',
          metric_value: '1',
          unit: '',
          timestamp: null,
          user_id: null,
          metadata: '{}',
          generation: null,
          idempotency_key: cloudEventKey('/a', '1'),
        },
      ],
    });
  });

  test('all it can be', async () => {
    const event = first(
      await structured({
        ...LEAST,
        time: '2026-11-21T10:00:00.123456+00:00',
        subject: 'ada',
        datacontenttype: 'application/json; charset=utf-8',
        dataschema: 'https://example.com/schema',
        traceparent: '00-ab-cd-01',
        partitionkey: 7,
        data: { value: '12.50', unit: 'token', model: 'm', nested: { value: 1e9, unit: 'x' } },
      }),
    );
    expect(event).toMatchObject({
      metric_name: 'calls',
      metric_value: '12.5',
      unit: 'token',
      timestamp: Date.UTC(2026, 10, 21, 10, 0, 0, 123),
      user_id: 'ada',
      metadata: '{"model":"m","nested":{"unit":"x","value":1000000000}}',
    });
  });

  test('null attributes and null data are absent', async () => {
    const nulls = {
      ...LEAST,
      time: null,
      subject: null,
      data: null,
      data_base64: null,
      datacontenttype: null,
    };
    expect(await structured(nulls)).toEqual(await structured(LEAST));
  });

  test('a member of data named __proto__ or constructor is metadata', async () => {
    const body = `{"specversion":"1.0","id":"1","source":"/a","type":"t","data":{"__proto__":{"value":"9"},"constructor":1}}`;
    const event = first(await structured(body));
    expect(event).toMatchObject({
      metric_value: '1',
      metadata: '{"__proto__":{"value":"9"},"constructor":1}',
    });
    const inBinary = first(await binary(LEAST, '{"__proto__":{"value":"9"},"constructor":1}'));
    expect(inBinary.metadata).toBe(event.metadata);
  });
});

describe('the key', () => {
  test('is the published one: stored keys must stay comparable', () => {
    const hex = createHash('sha256').update('2:/a1:1').digest('hex');
    expect(cloudEventKey('/a', '1')).toBe(`ce:${hex}`);
    const wide = createHash('sha256').update('2:é4:😀').digest('hex');
    expect(cloudEventKey('é', '😀')).toBe(`ce:${wide}`);
  });

  test('depends on where source ends and id begins', () => {
    expect(cloudEventKey('a', 'bc')).not.toBe(cloudEventKey('ab', 'c'));
    expect(cloudEventKey('a1:', 'b')).not.toBe(cloudEventKey('a', '1:b'));
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (s1, i1, s2, i2) => {
        expect(cloudEventKey(s1, i1) === cloudEventKey(s2, i2)).toBe(s1 === s2 && i1 === i2);
      }),
    );
  });
});

describe('structured mode, in the order of the check', () => {
  test.each([
    ['no object', null, ['/ wrong_type'.slice(1)]],
    ['an array', [LEAST], [' wrong_type']],
    ['an empty object', {}, ['/specversion required', '/id required', '/source required', '/type required']],
    ['version 0.3', { ...LEAST, specversion: '0.3' }, ['/specversion unsupported_version']],
    ['version 1.0 as a number', { ...LEAST, specversion: 1.0 }, ['/specversion unsupported_version']],
    ['an empty id', { ...LEAST, id: '' }, ['/id too_short']],
    ['a number as id', { ...LEAST, id: 1 }, ['/id wrong_type']],
    ['an id with U+0000', { ...LEAST, id: 'a\0' }, ['/id not_unicode']],
    ['an empty source', { ...LEAST, source: '' }, ['/source too_short']],
    ['a lone surrogate in source', { ...LEAST, source: '\ud800' }, ['/source not_unicode']],
    ['a long id and source', { ...LEAST, id: 'x'.repeat(5000), source: 'y'.repeat(5000) }, ['ok']],
    ['an empty type', { ...LEAST, type: '' }, ['/type too_short']],
    ['a type of 128', { ...LEAST, type: 'x'.repeat(128) }, ['ok']],
    ['a type of 129', { ...LEAST, type: 'x'.repeat(129) }, ['/type too_long']],
    ['time in milliseconds', { ...LEAST, time: NOW }, ['/time wrong_type']],
    ['time without an offset', { ...LEAST, time: '2026-11-21T10:00:00' }, ['/time not_a_time']],
    ['time too far ahead', { ...LEAST, time: '2026-11-21T13:00:00.001Z' }, ['/time in_the_future']],
    ['an empty subject', { ...LEAST, subject: '' }, ['/subject too_short']],
    ['a subject of 256', { ...LEAST, subject: 'x'.repeat(256) }, ['/subject too_long']],
    ['data is a text', { ...LEAST, data: 'x' }, ['/data wrong_type']],
    ['data is a list', { ...LEAST, data: [] }, ['/data wrong_type']],
    ['data is false', { ...LEAST, data: false }, ['/data wrong_type']],
    ['an empty value', { ...LEAST, data: { value: '' } }, ['/data/value not_decimal']],
    ['a null value is no default', { ...LEAST, data: { value: null } }, ['/data/value wrong_type']],
    ['a null unit is no default', { ...LEAST, data: { unit: null } }, ['/data/unit wrong_type']],
    ['a long unit', { ...LEAST, data: { unit: 'x'.repeat(65) } }, ['/data/unit too_long']],
    ['metadata too large', { ...LEAST, data: { a: 'x'.repeat(4089) } }, ['/data too_large']],
    ['data_base64', { ...LEAST, data_base64: 'AA==' }, ['/data_base64 wrong_type']],
    ['XML', { ...LEAST, datacontenttype: 'application/xml' }, ['/datacontenttype wrong_type']],
    ['a content type that is no text', { ...LEAST, datacontenttype: 1 }, ['/datacontenttype wrong_type']],
    ['a +json type', { ...LEAST, datacontenttype: 'application/vnd.x+json' }, ['ok']],
    ['an extension in capitals', { ...LEAST, traceParent: 'x' }, ['/traceParent unknown_field']],
    ['an extension with an underscore', { ...LEAST, trace_id: 'x' }, ['/trace_id unknown_field']],
    ['an extension named metric_value', { ...LEAST, metric_value: '5' }, ['/metric_value unknown_field']],
  ])('%s', async (_, event, expected) => {
    expect(await faults(structured(event))).toEqual(expected);
  });

  test('a body that is no JSON', async () => {
    expect(await faults(structured('{'))).toBe('malformed_json');
  });

  test.each([
    ['2.50', '2.5'],
    ['-0', '0'],
    ['1234567890123456', ['imprecise_number']],
    ['1e3', ['not_decimal']],
  ])('the quantity %s as a JSON number, by its place', async (token, expected) => {
    const body = (id: string): string =>
      `{"specversion":"1.0","id":"${id}","source":"/a","type":"t","value":7e7,"data":{"x":{"value":9e9},"value":${token},"y":[{"value":8e8}]}}`;
    const valuesOf = ({ events }: ParsedEvents): unknown[] =>
      events.map((event) => (Array.isArray(event) ? event.map(({ code }) => code) : event.metric_value));
    expect(valuesOf(await structured(body('1')))).toEqual([expected]);
    expect(valuesOf(await parse(`[${body('1')},${body('2')}]`, { 'content-type': BATCHED }))).toEqual([
      expected,
      expected,
    ]);
    expect(valuesOf(await binary(LEAST, `{"x":{"value":9e9},"value":${token}}`))).toEqual([expected]);
  });
});

describe('batched mode', () => {
  const batch = (events: unknown): Promise<ParsedEvents> =>
    parse(JSON.stringify(events), { 'content-type': `${BATCHED}; charset=UTF-8` });

  test.each([
    ['an empty batch', [], 'invalid_request,  empty_batch'],
    ['one event without an array', LEAST, 'invalid_request,  wrong_type'],
    ['two events', [LEAST, { ...LEAST, id: '2' }], ['ok', 'ok']],
    [
      'a fault names its event',
      [LEAST, { ...LEAST, data: { value: 'x' } }, 7],
      ['ok', '/1/data/value not_decimal', '/2 wrong_type'],
    ],
    ['5,001 events', new Array(5001).fill(LEAST), 'payload_too_large'],
  ])('%s', async (_, events, expected) => {
    expect(await faults(batch(events))).toEqual(expected);
  });

  test('5,000 events, and one alone, are a batch', async () => {
    expect((await batch(new Array(5000).fill(LEAST))).events).toHaveLength(5000);
    expect(await batch([LEAST])).toMatchObject({ shape: 'batch', idempotencyKeyInReceipt: true });
  });
});

describe('binary mode', () => {
  test.each([
    ['no body and no content type', null, null],
    ['no body', null, 'application/json'],
    ['an empty object', '{}', 'application/json'],
    ['null', 'null', 'application/json; charset=utf-8'],
    ['a +json type', '{}', 'application/vnd.x+json'],
  ])('an event without data: %s', async (_, body, type) => {
    expect(await binary(LEAST, body, type)).toEqual(await structured(LEAST));
  });

  test.each([
    ['no version', { id: '1', source: '/a', type: 't' }, '{}', ['ce-specversion required']],
    ['only an id', { id: '1' }, '{}', ['ce-specversion required', 'ce-source required', 'ce-type required']],
    ['an empty id', { ...LEAST, id: '' }, '{}', ['ce-id too_short']],
    ['a type too long', { ...LEAST, type: 'x'.repeat(129) }, '{}', ['ce-type too_long']],
    ['a bad time', { ...LEAST, time: '1700000000000' }, '{}', ['ce-time not_a_time']],
    ['a bad percent', { ...LEAST, subject: '100%' }, '{}', ['ce-subject bad_encoding']],
    ['percent-encoded Latin-1', { ...LEAST, id: '%e9' }, '{}', ['ce-id bad_encoding']],
    ['an encoded surrogate', { ...LEAST, id: '%ED%A0%80' }, '{}', ['ce-id bad_encoding']],
    ['raw bytes', { ...LEAST, subject: 'é' }, '{}', ['ce-subject bad_encoding']],
    ['an encoded U+0000', { ...LEAST, subject: '%00' }, '{}', ['ce-subject not_unicode']],
    ['data is a list', LEAST, '[]', [' wrong_type']],
    [
      'data is an event of our own',
      LEAST,
      '{"value":"x","unit":1}',
      ['/value not_decimal', '/unit wrong_type'],
    ],
    ['data is no JSON', LEAST, '{', 'malformed_json'],
    ['metadata too deep', LEAST, `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`, [' too_deep']],
  ])('%s', async (_, attributes, body, expected) => {
    expect(await faults(binary(attributes, body))).toEqual(expected);
  });

  test.each([
    ['plain', 'ada lovelace', 'ada lovelace'],
    ['percent-encoded UTF-8', 'Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['one round of decoding only', '%2541', '%41'],
    ['quoted', '"ada"', 'ada'],
    ['quoted with escapes', '"a\\"b\\\\c"', 'a"b\\c'],
    ['an encoded quotation mark stays', '%22ada%22', '"ada"'],
  ])('a header value: %s', async (_, header, expected) => {
    expect(first(await binary({ ...LEAST, subject: header }, '{}')).user_id).toBe(expected);
  });

  test.each([
    ['data without a content type', '{}', null],
    ['data in another type', '<a/>', 'application/xml'],
    ['data as NDJSON', '{}', 'application/x-ndjson'],
    ['another charset', '{}', 'application/json; charset=latin1'],
  ])('%s', async (_, body, type) => {
    expect(await faults(binary(LEAST, body, type))).toBe('unsupported_media_type');
  });

  test('ce-* headers beside a structured event are copies and decide nothing', async () => {
    const headers = { 'content-type': STRUCTURED, 'ce-id': 'other', 'ce-specversion': '0.1' };
    expect(await parse(JSON.stringify(LEAST), headers)).toEqual(await structured(LEAST));
  });

  test('extension headers are ignored', async () => {
    expect(await binary({ ...LEAST, traceparent: '00-ab', unknown: 'é' }, '{}')).toEqual(
      await structured(LEAST),
    );
  });
});
