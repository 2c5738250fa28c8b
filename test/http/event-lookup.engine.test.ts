/** An event is returned as it was sent: through D1, the drain, Postgres and the lookup. */
import { beforeAll, describe, expect, test } from 'vitest';
import { randomUUID } from '../setup/seeded.ts';
import type { Json, Tenant } from '../setup/world.ts';
import { type Answer, ask, DAY_MS, eventOf, problemOf, send, sendRaw, UNKNOWN_ID, world } from './wire.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const locate = (key: string): Promise<Answer> =>
  ask(`/v1/events/${encodeURIComponent(key)}`, { key: tenant.key });

const KEYS = [
  'plain',
  'a/b/c',
  '/',
  '//x//',
  'a?b=c&d#e',
  'a%2Fb',
  '%',
  '%00',
  '100%25',
  'a b+c',
  'ключ/ü',
  '😀',
  "'; DROP TABLE usage_events; --",
  '"\\\n\t\u0001',
  '{"a":1}',
  'null',
  '...',
  'x'.repeat(255),
  '😀'.repeat(255),
  ':idempotency_key',
];

describe('an event is found by its key, pending and counted', () => {
  test('whatever characters the key has', async () => {
    const answer = await send(
      tenant.key,
      KEYS.map((idempotency_key) => eventOf({ idempotency_key })),
    );
    expect(answer.body.accepted).toBe(KEYS.length);
    const ids = answer.body.results.map((result: Json) => result.id);
    // Another suite may drain the shard before the first lookup.
    for (const expected of [['pending', 'counted'], ['counted']]) {
      const found = await Promise.all(KEYS.map(locate));
      found.forEach(({ status, body }, index) => {
        expect([KEYS[index], status]).toEqual([KEYS[index], 200]);
        expect(expected).toContain(body.status);
        expect([body.idempotency_key, body.id]).toEqual([KEYS[index], ids[index]]);
      });
      await world.job('rollup');
    }
  });

  test.each(['\0', 'a\0b', 'nobody sent this', 'x'.repeat(5000), UNKNOWN_ID])(
    '%.20j that nobody sent: 404',
    async (key) => {
      expect(problemOf(await locate(key), 404).code).toBe('not_found');
    },
  );

  test.each([
    ['?source=a', '?id'],
    ['?id=a', '?source'],
    ['?source=&id=a', '?source'],
    ['?source=a&id=b&x=1', '?x'],
  ])('by a CloudEvent of %s: 422 at %s', async (query, pointer) => {
    expect(problemOf(await ask(`/v1/events${query}`, { key: tenant.key }), 422).pointers).toEqual([pointer]);
  });
});

describe('metadata', () => {
  const counted = async (metadata: string): Promise<Json> => {
    const key = randomUUID();
    const body = JSON.stringify(eventOf({ idempotency_key: key, metadata: 0 })).replace(
      '"metadata":0',
      `"metadata":${metadata}`,
    );
    const answer = await sendRaw(tenant.key, 'application/json', body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    await world.job('rollup');
    return (await locate(key)).body.event.metadata;
  };

  test('named __proto__ or constructor is data like any other', async () => {
    const text = '{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":"x"}';
    const metadata = await counted(text);
    expect(JSON.stringify(metadata, Object.keys(metadata).sort())).toContain('"__proto__"');
    expect(Object.getOwnPropertyDescriptor(metadata, '__proto__')?.value).toEqual({ admin: true });
    expect(metadata.constructor).toEqual({ prototype: 1 });
  });

  test('of any JSON comes back the same', async () => {
    const value = { a: [1, 1.5, -0.25, 1e21, true, null, ''], 'ü😀': { '': ' ' }, 'a/b~c': '\\"\n\u0001' };
    expect(await counted(JSON.stringify(value))).toEqual(value);
  });

  const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
  test.each<[string, unknown, number]>([
    ['8 levels', nested(8), 202],
    ['9 levels', nested(9), 422],
    ['4,096 bytes', { a: 'x'.repeat(4088) }, 202],
    ['4,097 bytes', { a: 'x'.repeat(4089) }, 422],
    ['4,097 bytes of few characters', { a: '😀'.repeat(1022), b: 'x' }, 422],
    ['an array', [], 422],
    ['a text', 'x', 422],
    ['null, which counts as absent', null, 202],
    ['a lone surrogate', { a: '\ud800' }, 422],
    ['a lone surrogate in a name', { '\udfff': 1 }, 422],
    ['U+0000', { a: ['\0'] }, 422],
  ])('of %s: %s', async (_, metadata, status) => {
    const answer = await send(tenant.key, eventOf({ metadata }));
    expect(answer.status).toBe(status);
    if (status === 422) expect(problemOf(answer, 422).pointers).toEqual(['/metadata']);
  });
});

describe('quantities', () => {
  test.each<[string, string | null]>([
    ['0', '0'],
    ['-0.0', '0'],
    ['"-12.50"', '-12.5'],
    ['123456789012345', '123456789012345'],
    ['12345678901.2345', '12345678901.2345'],
    ['0.000000000001', '0.000000000001'],
    ['0.10', '0.1'],
    ['"1234567890123456"', '1234567890123456'],
    ['"99999999999999999999999999.999999999999"', '99999999999999999999999999.999999999999'],
    ['1234567890123456', null],
    ['0.1234567890123456', null],
    ['1e3', null],
    ['"1e3"', null],
    ['"100000000000000000000000000"', null],
    ['"0.0000000000001"', null],
    ['" 1"', null],
    ['"1,5"', null],
    ['"0x10"', null],
    ['"NaN"', null],
    ['"+1"', null],
    ['".5"', null],
    ['""', null],
    ['true', null],
    ['null', null],
    ['[1]', null],
  ])('%s is counted as %s', async (token, counted) => {
    const own = await world.tenant();
    const body = JSON.stringify(eventOf({ metric_value: 0 })).replace(
      '"metric_value":0',
      `"metric_value":${token}`,
    );
    const answer = await sendRaw(own.key, 'application/json', `[${body}]`);
    if (counted === null) {
      expect(problemOf(answer, 422).pointers).toEqual(['/0/metric_value']);
      return;
    }
    expect(answer.status).toBe(202);
    await world.job('rollup');
    const { body: page } = await world.get(
      `/v1/admin/usage-aggregates?organisation_id=${own.organisation_id}`,
    );
    expect(page.data).toMatchObject([{ total_value: counted, event_count: 1 }]);
  });
});

describe('times', () => {
  const inMs = (offset: number): number => Date.now() + offset;
  const HOUR_MS = 3_600_000;
  test.each<[string, () => unknown, string | null]>([
    [
      'RFC 3339 with microseconds and +00:00',
      () => '2026-01-02T03:04:05.678901+00:00',
      '2026-01-02T03:04:05.678Z',
    ],
    ['an offset', () => '2026-01-02T03:04:05-05:30', '2026-01-02T08:34:05.000Z'],
    ['small letters', () => '2026-01-02t03:04:05z', '2026-01-02T03:04:05.000Z'],
    ['epoch milliseconds', () => 1767225600123, '2026-01-01T00:00:00.123Z'],
    ['the first instant', () => '2000-01-01T00:00:00Z', '2000-01-01T00:00:00.000Z'],
    ['just before it', () => '1999-12-31T23:59:59.999Z', null],
    ['epoch seconds', () => 1767225600, null],
    ['the last integer taken for seconds', () => 99_999_999_999, null],
    ['a fraction of a millisecond', () => 1767225600123.5, null],
    ['milliseconds as text', () => '1767225600123', null],
    ['no zone', () => '2026-01-02T03:04:05', null],
    ['a day', () => '2026-01-02', null],
    ['February 30', () => '2026-02-30T00:00:00Z', null],
    ['a leap second', () => '2026-06-30T23:59:60Z', null],
    ['hour 24', () => '2026-01-01T24:00:00Z', null],
    ['one hour ahead and a minute', () => inMs(HOUR_MS + 60_000), null],
    ['a year ahead', () => new Date(inMs(365 * DAY_MS)).toISOString(), null],
    ['true', () => true, null],
  ])('%s', async (_, timestamp, counted) => {
    const key = randomUUID();
    const answer = await send(tenant.key, eventOf({ idempotency_key: key, timestamp: timestamp() }));
    if (counted === null) {
      expect(problemOf(answer, 422).pointers).toEqual(['/timestamp']);
      return;
    }
    expect(answer.status).toBe(202);
    await world.job('rollup');
    expect((await locate(key)).body.event.timestamp).toBe(counted);
  });

  test('59 minutes ahead are taken', async () => {
    expect((await send(tenant.key, eventOf({ timestamp: inMs(59 * 60_000) }))).status).toBe(202);
  });
});

describe('texts', () => {
  const fields: [string, number, number][] = [
    ['metric_name', 1, 128],
    ['unit', 0, 64],
    ['idempotency_key', 1, 255],
    ['user_id', 1, 255],
  ];
  test.each(fields)('%s has %i to %i characters of valid Unicode without U+0000', async (field, min, max) => {
    // Every text begins with unique letters, so that no key repeats.
    const unique = randomUUID().slice(0, 6);
    for (const good of [
      unique,
      unique.padEnd(max, 'x'),
      unique + '😀'.repeat(max - 6),
      `${unique} ü\n\u0001`,
    ]) {
      expect((await send(tenant.key, eventOf({ [field]: good }))).status, good).toBe(202);
    }
    const bad = ['x'.repeat(max + 1), '😀'.repeat(max + 1), 'a\0', '\ud800', '\udc00\ud800', 1, {}, ['x']];
    for (const value of min === 0 ? bad : ['', ...bad]) {
      const answer = await send(tenant.key, eventOf({ [field]: value }));
      expect(problemOf(answer, 422).pointers, JSON.stringify(value)).toEqual([`/${field}`]);
    }
  });
});
