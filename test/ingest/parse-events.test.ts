import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AppError } from '../../src/core/error.ts';
import type { ParsedEvents, UsageEvent } from '../../src/ingest/event.ts';
import { parseEvents } from '../../src/ingest/parse-events.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const JSON_TYPE = 'application/json';
const GOOD = '{"metric_name":"m","metric_value":"1","unit":"","idempotency_key":"k"}';
const withValue = (token: string): string =>
  `{"metric_name":"m","metric_value":${token},"unit":"","idempotency_key":"k"}`;

const parse = (body: string | null, type: string | null, headers: Record<string, string> = {}) => {
  const request = new Request('http://edge/', { method: 'POST', headers });
  const sent = new Request(request, { body: body === null ? null : new TextEncoder().encode(body) });
  if (type === null) sent.headers.delete('content-type');
  else sent.headers.set('content-type', type);
  return parseEvents(sent, NOW);
};

/** The result for a body: an AppError's code and faults, or for each event its faults or 'ok'. */
const outcome = async (body: string | null, type: string | null, headers = {}): Promise<unknown> => {
  try {
    const { events } = await parse(body, type, headers);
    return events.map((event) =>
      Array.isArray(event) ? event.map(({ pointer, code }) => `${pointer} ${code}`) : 'ok',
    );
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, ...error.errors.map(({ pointer, code }) => `${pointer} ${code}`)].join(', ');
  }
};

const values = ({ events }: ParsedEvents): unknown[] =>
  events.map((event) => (Array.isArray(event) ? event.map(({ code }) => code) : event.metric_value));

const first = ({ events }: ParsedEvents): UsageEvent => {
  const [event] = events;
  if (event === undefined || Array.isArray(event)) throw new Error(`refused: ${JSON.stringify(event)}`);
  return event;
};

describe('which content types are read', () => {
  test.each([
    ['application/json', GOOD, ['ok']],
    ['application/json; charset=utf-8', GOOD, ['ok']],
    ['Application/JSON;Charset="UTF-8"', GOOD, ['ok']],
    ['application/json; profile=x; charset=utf8', GOOD, ['ok']],
    ['application/x-ndjson', GOOD, ['ok']],
    ['application/ndjson', GOOD, ['ok']],
    ['application/jsonl', GOOD, ['ok']],
    ['application/json; charset=iso-8859-1', GOOD, 'unsupported_media_type'],
    ['application/x-ndjson; charset=utf-16', GOOD, 'unsupported_media_type'],
    ['application/x-www-form-urlencoded', GOOD, 'unsupported_media_type'],
    ['text/plain', GOOD, 'unsupported_media_type'],
    ['application/jsonp', GOOD, 'unsupported_media_type'],
    ['application/vnd.api+json', GOOD, 'unsupported_media_type'],
    ['application/cloudevents+xml', GOOD, 'unsupported_media_type'],
    ['', GOOD, 'unsupported_media_type'],
    [null, GOOD, 'unsupported_media_type'],
  ])('%s', async (type, body, expected) => {
    expect(await outcome(body, type)).toEqual(expected);
  });

  test('an unknown type is refused before the body is looked at', async () => {
    expect(await outcome('x'.repeat(6_000_000), 'text/plain')).toBe('unsupported_media_type');
  });

  test('a body of 5 MiB is read and one byte more is not', async () => {
    const pad = ' '.repeat(5 * 1024 * 1024 - GOOD.length);
    expect(await outcome(GOOD + pad, JSON_TYPE)).toEqual(['ok']);
    expect(await outcome(`${GOOD + pad} `, JSON_TYPE)).toBe('payload_too_large');
  });
});

describe('application/json', () => {
  test.each([
    ['nothing', '', 'malformed_json'],
    ['cut short', GOOD.slice(0, -1), 'malformed_json'],
    ['two values', `${GOOD}${GOOD}`, 'malformed_json'],
    ['a trailing comma', `[${GOOD},]`, 'malformed_json'],
    ['a comment', `/**/${GOOD}`, 'malformed_json'],
    ['NaN', withValue('NaN'), 'malformed_json'],
    ['a leading zero', withValue('01'), 'malformed_json'],
    ['null', 'null', [[' wrong_type']]],
    ['a number', '7', [[' wrong_type']]],
    ['a text', '"x"', [[' wrong_type']]],
    ['one event', GOOD, ['ok']],
    ['a byte order mark', `\ufeff${GOOD}`, ['ok']],
    ['an array of one', `[${GOOD}]`, ['ok']],
    ['an array of two', `[${GOOD},${GOOD}]`, ['ok', 'ok']],
    ['a wrapper', `{"events":[${GOOD},${GOOD}]}`, ['ok', 'ok']],
    ['an empty array', '[]', 'invalid_request,  empty_batch'],
    ['an empty wrapper', '{"events":[]}', 'invalid_request, /events empty_batch'],
    ['a wrapper around one', `{"events":${GOOD}}`, 'invalid_request, /events wrong_type'],
    ['a wrapper around null', '{"events":null}', 'invalid_request, /events wrong_type'],
    [
      'a wrapper with more beside it',
      `{"events":[${GOOD}],"metric_name":"m","__proto__":1}`,
      'invalid_request, /metric_name unknown_field, /__proto__ unknown_field',
    ],
    ['a fault in a single event', withValue('"x"'), [['/metric_value not_decimal']]],
    ['a fault in an array', `[${GOOD},${withValue('"x"')}]`, ['ok', ['/1/metric_value not_decimal']]],
    ['a fault in a wrapper', `{"events":[${withValue('"x"')}]}`, [['/events/0/metric_value not_decimal']]],
    ['not an object in an array', `[${GOOD},null,[]]`, ['ok', ['/1 wrong_type'], ['/2 wrong_type']]],
    ['of two fields of one name the last counts', '{"unit":1,'.concat(GOOD.slice(1)), ['ok']],
    ['200,000 levels', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, [['/0 wrong_type']]],
  ])('%s', async (_, body, expected) => {
    expect(await outcome(body, JSON_TYPE)).toEqual(expected);
  });

  test.each([
    ['one bare event', GOOD, 'single'],
    ['an array of one', `[${GOOD}]`, 'batch'],
    ['a wrapper around one', `{"events":[${GOOD}]}`, 'batch'],
  ])('%s is a %s', async (_, body, shape) => {
    expect(await parse(body, JSON_TYPE)).toMatchObject({ shape, idempotencyKeyInReceipt: false });
  });

  test('5,000 events are read and 5,001 are not', async () => {
    const batch = (count: number): string => `[${new Array(count).fill(GOOD).join()}]`;
    expect((await parse(batch(5000), JSON_TYPE)).events).toHaveLength(5000);
    expect(await outcome(batch(5001), JSON_TYPE)).toBe('payload_too_large');
    expect(await outcome(`{"events":${batch(5001)}}`, JSON_TYPE)).toBe('payload_too_large');
  });
});

describe('quantities that come as JSON numbers', () => {
  const BOTH = [
    ['0', '0'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['1', '1'],
    ['1.50', '1.5'],
    ['0.1', '0.1'],
    ['123456789012345', '123456789012345'],
    ['-12345.6789012345', '-12345.6789012345'],
    ['0.000000000001', '0.000000000001'],
    ['0.0000001', '0.0000001'],
    ['0.00000012345', '0.00000012345'],
    ['1.000000000000', '1'],
    ['0.0000000000000', ['too_many_digits']],
    ['0.0000000000001', ['too_many_digits']],
    ['1234567890123456', ['imprecise_number']],
    ['0.1234567890123456', ['imprecise_number']],
    ['9007199254740993', ['imprecise_number']],
    ['0.10000000000000001', ['imprecise_number']],
    ['1e3', ['not_decimal']],
    ['1E0', ['not_decimal']],
    ['1e-7', ['not_decimal']],
    ['1e400', ['not_decimal']],
    ['-1e400', ['not_decimal']],
    ['1e-400', ['not_decimal']],
  ] as const;

  test.each(BOTH)('%s', async (token, expected) => {
    // The second event decides whether the number tokens must be read. It must never change the first event's result.
    for (const other of ['"1"', '2', '2e0', '0.30000000000000004']) {
      const body = `[${withValue(token)},${withValue(other)}]`;
      expect(values(await parse(body, JSON_TYPE))[0], `${token} beside ${other}`).toEqual(expected);
      expect(
        values(await parse(body.slice(1, -1).replace('},{', '}\n{'), 'application/x-ndjson'))[0],
      ).toEqual(expected);
    }
  });

  test('a member named metric_value elsewhere is not taken for the quantity', async () => {
    const decoy = '"metadata":{"metric_value":1e3,"x":[{"metric_value":5e5}]}';
    const event = (token: string): string => `{${decoy},${withValue(token).slice(1)}`;
    const after = (token: string): string => `${withValue(token).slice(0, -1)},${decoy}}`;
    for (const body of [event('1.5'), after('1.5')]) {
      expect(values(await parse(body, JSON_TYPE))).toEqual(['1.5']);
      expect(values(await parse(`[${body}]`, JSON_TYPE))).toEqual(['1.5']);
      expect(values(await parse(`{"events":[${GOOD},${body}]}`, JSON_TYPE))).toEqual(['1', '1.5']);
      expect(values(await parse(body, 'application/x-ndjson'))).toEqual(['1.5']);
    }
    expect(values(await parse(`{"__proto__":{"metric_value":1e3},${GOOD.slice(1)}`, JSON_TYPE))).toEqual([
      ['unknown_field'],
    ]);
  });

  test('of two quantities in one event the last is read, and its token', async () => {
    const twice = (a: string, b: string): string => `{"metric_value":${a},${withValue(b).slice(1)}`;
    expect(values(await parse(twice('1e3', '2.5'), JSON_TYPE))).toEqual(['2.5']);
    expect(values(await parse(twice('2.5', '1e3'), JSON_TYPE))).toEqual([['not_decimal']]);
    expect(values(await parse(twice('1e3', '"2.5"'), JSON_TYPE))).toEqual(['2.5']);
  });

  test('whether or not the tokens must be read, a number is what its digits say', async () => {
    const token = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.bigInt({ min: 0n, max: 10n ** 17n }),
        fc.stringMatching(/^[0-9]{0,14}$/),
      )
      .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`);
    await fc.assert(
      fc.asyncProperty(token, async (number) => {
        const [plain] = values(await parse(withValue(number), JSON_TYPE));
        const [beside] = values(await parse(`[${withValue(number)},${withValue('1e1')}]`, JSON_TYPE));
        expect(plain).toEqual(beside);
        const digits = number.replace(/[-.]/g, '').replace(/^0+/, '');
        const [text] = values(await parse(withValue(`"${number}"`), JSON_TYPE));
        expect(plain).toEqual(digits.length > 15 ? ['imprecise_number'] : text);
      }),
      { numRuns: 1000 },
    );
  });

  test('thousands of levels beside a number whose token must be read are refused, not a crash', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const event = withValue('1e3').replace('{', `{"metadata":{"a":${deep}},`);
    expect(await outcome(event, JSON_TYPE)).toBe('invalid_request,  too_deep');
    expect(await outcome(`${GOOD}\n${event}`, 'application/x-ndjson')).toEqual(['ok', ['/1 too_deep']]);
    const textual = withValue('"1"').replace('{', `{"metadata":{"a":${deep}},`);
    expect(await outcome(`[${GOOD},${textual}]`, JSON_TYPE)).toEqual(['ok', ['/1/metadata too_deep']]);
  });
});

describe('application/x-ndjson', () => {
  const TYPE = 'application/x-ndjson';
  test.each([
    ['one line', GOOD, ['ok']],
    ['a line at the end', `${GOOD}\n`, ['ok']],
    ['carriage returns', `${GOOD}\r\n${GOOD}\r\n`, ['ok', 'ok']],
    [
      'blank lines are not counted',
      `\n \t\n${GOOD}\n\n\n${withValue('"x"')}\n`,
      ['ok', ['/1/metric_value not_decimal']],
    ],
    ['nothing', '', 'invalid_request,  empty_batch'],
    ['only blank lines', '\n\r\n  \n', 'invalid_request,  empty_batch'],
    [
      'a line that is no JSON is a fault of its own',
      `${GOOD}\n{oops\n${GOOD}`,
      ['ok', ['/1 malformed_json'], 'ok'],
    ],
    ['a line of other white space is no blank line', '\u00a0', [['/0 malformed_json']]],
    ['an event over two lines', GOOD.replace(',', ',\n'), [['/0 malformed_json'], ['/1 malformed_json']]],
    ['a line that is no object', `[${GOOD}]\nnull`, [['/0 wrong_type'], ['/1 wrong_type']]],
    ['a wrapper on a line', `{"events":[],${GOOD.slice(1)}`, [['/0/events unknown_field']]],
    ['a byte order mark', `\ufeff${GOOD}`, ['ok']],
  ])('%s', async (_, body, expected) => {
    expect(await outcome(body, TYPE)).toEqual(expected);
  });

  test('one line is still a batch', async () => {
    expect(await parse(GOOD, TYPE)).toMatchObject({ shape: 'batch', idempotencyKeyInReceipt: false });
  });

  test('5,000 lines are read; at the 5,001st reading stops', async () => {
    const lines = (count: number): string => `${GOOD}\n`.repeat(count);
    expect((await parse(lines(5000), TYPE)).events).toHaveLength(5000);
    expect((await parse(`${lines(5000)}\n\n`, TYPE)).events).toHaveLength(5000);
    expect(await outcome(lines(5001), TYPE)).toBe('payload_too_large');
    const parsing = vi.spyOn(JSON, 'parse');
    try {
      expect(await outcome('1\n'.repeat(2_000_000), TYPE)).toBe('payload_too_large');
      expect(parsing).toHaveBeenCalledTimes(5001);
    } finally {
      parsing.mockRestore();
    }
  });

  test('it reads what the same events as an array are', async () => {
    const line = fc.constantFrom(GOOD, withValue('2.5'), withValue('1e3'), withValue('"x"'), 'null', '{}');
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
        expect(await outcome(lines.join('\n'), TYPE)).toEqual(await outcome(`[${lines.join()}]`, JSON_TYPE));
      }),
    );
  });
});

test('parsing leaves no mark on the prototypes', async () => {
  await parse(
    `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${GOOD.slice(1)}`,
    JSON_TYPE,
  );
  expect(first(await parse(GOOD, JSON_TYPE)).metadata).toBe('{}');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
