import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UsageEvent } from '../../src/ingest/event.ts';
import { fingerprintOf } from '../../src/ingest/fingerprint.ts';
import { parseCloudEvent, parseCloudEventBatch } from '../../src/ingest/parse-cloudevents.ts';
import { parseEvents, parseJsonEvents } from '../../src/ingest/parse-events.ts';
import { parseNdjson } from '../../src/ingest/parse-ndjson.ts';

const NOW = Date.UTC(2026, 10, 21, 12);

const EVENT: UsageEvent = {
  metric_name: 'tokens',
  metric_value: '1.5',
  unit: 'token',
  timestamp: NOW,
  user_id: 'u',
  metadata: '{"a":1}',
  idempotency_key: 'k',
  generation: null,
};

const eventOf = (parsed: ReturnType<typeof parseJsonEvents>): UsageEvent => {
  const [event] = parsed.events;
  if (event === undefined || Array.isArray(event)) throw new Error(`refused: ${JSON.stringify(event)}`);
  return event;
};
const printOf = (parsed: ReturnType<typeof parseJsonEvents>): string => fingerprintOf(eventOf(parsed));
const printOfText = (text: string): string => printOf(parseJsonEvents(text, NOW));

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => !value.includes('\0'));
const anyEvent = fc.record({
  metric_name: text,
  metric_value: fc
    .tuple(fc.bigInt({ min: -(10n ** 26n) + 1n, max: 10n ** 26n - 1n }), fc.nat(10 ** 9))
    .map(([whole, fraction]) => `${whole}.${fraction}`),
  unit: fc.oneof(fc.constant(''), text),
  timestamp: fc.integer({ min: Date.UTC(2000, 0, 1), max: NOW }),
  user_id: text,
  metadata: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
    maxKeys: 4,
  }),
  idempotency_key: text,
});

test('the fingerprint of a fixed event never changes: stored ones must stay comparable', () => {
  expect(fingerprintOf(EVENT)).toBe('ys0RGUn-bZ4nDdS4dV_DRWFmru_Lmzy_FdPusxWj3oc');
  expect(fingerprintOf(EVENT)).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test.each([
  ['metric_name', 'tokens2'],
  ['metric_value', '1.6'],
  ['metric_value', '-1.5'],
  ['unit', ''],
  ['timestamp', NOW + 1],
  ['timestamp', null],
  ['user_id', 'v'],
  ['user_id', null],
  ['metadata', '{}'],
  ['metadata', '{"a":"1"}'],
])('another %s is other content: %j', (field, value) => {
  expect(fingerprintOf({ ...EVENT, [field]: value })).not.toBe(fingerprintOf(EVENT));
});

test('the key is not part of the content', () => {
  expect(fingerprintOf({ ...EVENT, idempotency_key: 'other' })).toBe(fingerprintOf(EVENT));
});

test('text that moves from one field into the next is other content', () => {
  const a = fingerprintOf({ ...EVENT, metric_name: 'ab', unit: 'c', user_id: null });
  const b = fingerprintOf({ ...EVENT, metric_name: 'a', unit: 'bc', user_id: null });
  expect(a).not.toBe(b);
  const user = fingerprintOf({ ...EVENT, timestamp: null, user_id: String(NOW) });
  expect(user).not.toBe(fingerprintOf({ ...EVENT, user_id: null }));
});

test.each([
  ['a trailing zero', '"1.50"'],
  ['leading zeros', '"001.5"'],
  ['a number', '1.5'],
  ['a number with a trailing zero', '1.500'],
  ['a number of which the token is read', '1.500000000000'],
])('equal quantities are the same content: %s', (_, value) => {
  const body = (quantity: string): string =>
    `{"metric_name":"m","metric_value":${quantity},"unit":"","idempotency_key":"k"}`;
  expect(printOfText(body(value))).toBe(printOfText(body('"1.5"')));
});

test.each([
  '"2026-11-21T12:00:00.000Z"',
  '"2026-11-21t12:00:00z"',
  '"2026-11-21T17:30:00+05:30"',
  '"2026-11-21T12:00:00.000000+00:00"',
  '"2026-11-21T04:00:00-08:00"',
  String(NOW),
])('the same instant is the same content: %s', (timestamp) => {
  const body = (time: string): string =>
    `{"metric_name":"m","metric_value":"1","unit":"","idempotency_key":"k","timestamp":${time}}`;
  expect(printOfText(body(timestamp))).toBe(printOfText(body('"2026-11-21T12:00:00Z"')));
});

test('absent, null and empty metadata are the same content; so are absent and null times and users', () => {
  const base = '{"metric_name":"m","metric_value":"1","unit":"","idempotency_key":"k"';
  const prints = [
    `${base}}`,
    `${base},"metadata":{}}`,
    `${base},"metadata":null,"timestamp":null,"user_id":null}`,
  ].map(printOfText);
  expect(new Set(prints).size).toBe(1);
});

test('a retry without a timestamp is the same content whenever it comes', () => {
  const body = '{"metric_name":"m","metric_value":"1","unit":"","idempotency_key":"k"}';
  expect(printOf(parseJsonEvents(body, NOW + 86_400_000))).toBe(printOfText(body));
});

test('order of members and white space never show, in any body shape', () => {
  fc.assert(
    fc.property(anyEvent, fc.boolean(), (event, flip) => {
      const members = Object.entries(event);
      if (flip) members.reverse();
      const metadata = Object.fromEntries(Object.entries(event.metadata).reverse());
      const shuffled = { ...Object.fromEntries(members), metadata };
      const print = printOfText(JSON.stringify(event));
      expect(printOfText(JSON.stringify(shuffled, null, 3))).toBe(print);
      expect(printOfText(JSON.stringify([shuffled]))).toBe(print);
      expect(printOfText(JSON.stringify({ events: [shuffled] }))).toBe(print);
      expect(printOf(parseNdjson(`\n${JSON.stringify(shuffled)}\r\n`, NOW))).toBe(print);
    }),
  );
});

test('events that differ in content differ in fingerprint', () => {
  fc.assert(
    fc.property(anyEvent, anyEvent, (a, b) => {
      const [first, second] = [a, b].map((event) => eventOf(parseJsonEvents(JSON.stringify(event), NOW)));
      if (!first || !second) throw new Error('two events');
      const content = (event: UsageEvent): string => JSON.stringify({ ...event, idempotency_key: '' });
      expect(fingerprintOf(first) === fingerprintOf(second)).toBe(content(first) === content(second));
    }),
  );
});

test('a CloudEvent has one key and one fingerprint in structured, batched and binary mode', async () => {
  const printable = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((value) => !value.includes('\0'));
  const cloudEvent = fc.record({
    id: printable,
    source: printable,
    type: printable,
    subject: fc.option(printable, { nil: undefined }),
    time: fc.constantFrom('2026-11-21T11:00:00.123456+00:00', undefined),
    data: fc.option(
      fc.record(
        { value: fc.constantFrom('1.50', 2, 0.25), unit: printable, model: printable, n: fc.integer() },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
  });
  await fc.assert(
    fc.asyncProperty(cloudEvent, async (sent) => {
      const structured = JSON.stringify({ specversion: '1.0', datacontenttype: 'application/json', ...sent });
      const { data, ...attributes } = sent;
      const headers = new Headers({
        'content-type': 'application/json; charset=utf-8',
        'ce-specversion': '1.0',
      });
      for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined) headers.set(`ce-${name}`, encodeURIComponent(value));
      }
      const body = data === undefined ? null : JSON.stringify(data);
      const binary = await parseEvents(new Request('http://edge/', { method: 'POST', headers, body }), NOW);
      const events = [
        parseCloudEvent(structured, NOW),
        parseCloudEventBatch(`[${structured}]`, NOW),
        binary,
      ].map(eventOf);
      expect(new Set(events.map(fingerprintOf)).size).toBe(1);
      expect(new Set(events.map((event) => event.idempotency_key)).size).toBe(1);
    }),
  );
});
