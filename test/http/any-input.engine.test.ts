/**
 * Arbitrary input over HTTP: every answer follows the contract, none is a server error, and accepted events
 * are counted.
 */
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adminKey, baseUrl } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Json } from '../setup/world.ts';
import { type Answer, ask, eventOf, problemOf, sendRaw, world } from './wire.ts';

const SEED = { seed: 7_306_815, endOnFailure: true };

const nasty = fc.constantFrom<unknown>(
  '',
  '\0',
  '\ud800',
  'a\ud800b',
  '__proto__',
  '\u{10ffff}',
  '\u202e',
  'NaN',
  'Infinity',
  "'; DROP TABLE usage_events; --",
  '$1',
  '{}',
  -0,
  1e308,
  5e-324,
  2 ** 53,
  null,
  true,
  [],
  {},
  [[]],
  { toString: 1 },
);
const anything = fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.jsonValue(), fc.double(), fc.date());

/** An event in which some fields have arbitrary values. */
const almostEvent = fc
  .dictionary(
    fc.constantFrom(
      'metric_name',
      'metric_value',
      'unit',
      'timestamp',
      'idempotency_key',
      'user_id',
      'metadata',
      'x',
    ),
    anything,
    { maxKeys: 3 },
  )
  .map((changes) => eventOf(changes));

const goodText = (max: number) =>
  fc.string({ unit: 'binary', minLength: 1, maxLength: max }).filter((text) => !text.includes('\0'));
const goodDecimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 26n - 1n }), fc.stringMatching(/^\d{0,12}$/))
  .map(([minus, whole, part]) => `${minus ? '-' : ''}${whole}${part && `.${part}`}`);
const goodEvent = fc.record({
  metric_name: goodText(128),
  metric_value: goodDecimal,
  unit: fc.oneof(fc.constant(''), goodText(64)),
  timestamp: fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2026, 0, 1) }),
  idempotency_key: goodText(200).map((text) => text + randomUUID()),
  user_id: fc.oneof(fc.constant(null), goodText(255)),
  metadata: fc.dictionary(
    goodText(20),
    fc.oneof(goodText(50), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
  ),
});

const STATUSES = [202, 207, 409, 413, 415, 422];
function expectInContract(answer: Answer): void {
  expect(STATUSES, JSON.stringify(answer.body)).toContain(answer.status);
  if (answer.status >= 400) problemOf(answer, answer.status);
}

describe('events', () => {
  test('of any JSON are taken or refused by the contract', async () => {
    const { key } = await world.tenant();
    const types = ['json', 'x-ndjson', 'cloudevents+json', 'cloudevents-batch+json'].map(
      (type) => `application/${type}`,
    );
    const body = fc.oneof(
      anything,
      almostEvent,
      fc.array(almostEvent, { maxLength: 4 }),
      fc.record({ events: anything }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), body, fc.boolean(), async (type, value, lenient) => {
        const headers: Record<string, string> = lenient ? { prefer: 'handling=lenient' } : {};
        expectInContract(await sendRaw(key, type, JSON.stringify(value) ?? '', headers));
      }),
      { ...SEED, numRuns: 400 },
    );
  });

  test('of any bytes too', async () => {
    const { key } = await world.tenant();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isGzip) => {
        const headers: Record<string, string> = isGzip ? { 'content-encoding': 'gzip' } : {};
        expectInContract(await sendRaw(key, 'application/json', new Uint8Array(bytes), headers));
      }),
      { ...SEED, numRuns: 150 },
    );
  });

  test('that were accepted are counted: what Postgres would refuse is refused at the edge', async () => {
    const tenant = await world.tenant();
    const events = [
      ...fc.sample(goodEvent, { ...SEED, numRuns: 600 }),
      ...fc.sample(almostEvent, { ...SEED, numRuns: 600 }),
    ];
    const answer = await sendRaw(tenant.key, 'application/json', JSON.stringify(events), {
      prefer: 'handling=lenient, return=representation',
    });
    expect(answer.status).toBe(207);
    const { accepted, conflicts, duplicates, results } = answer.body;
    const refused = results.slice(0, 600).filter((result: Json) => result.status === 'rejected');
    expect(refused.map((result: Json) => [events[result.index], result.detail])).toEqual([]);
    expect(accepted).toBeGreaterThan(600);
    await world.job('rollup');
    const list = async (path: string) =>
      (await world.get(`/v1/admin/${path}?organisation_id=${tenant.organisation_id}&limit=1000`)).body;
    expect((await list('event-quarantine')).data).toEqual([]);
    expect((await list('event-conflicts')).data.length).toBeLessThanOrEqual(conflicts + duplicates);
    expect((await list('usage-events')).data).toHaveLength(accepted);
    const first = events[0] as Record<string, Json>;
    const found = await ask(`/v1/events/${encodeURIComponent(first['idempotency_key'])}`, {
      key: tenant.key,
    });
    expect(found.body).toMatchObject({
      status: 'counted',
      event: {
        metric_name: first['metric_name'],
        unit: first['unit'],
        user_id: first['user_id'],
        metadata: first['metadata'],
      },
    });
  });
});

test('admin bodies of any JSON are taken or refused by the contract', async () => {
  const { organisation_id, project_id } = await world.tenant();
  const bodies: Readonly<Record<string, Record<string, unknown>>> = {
    organisations: {
      name: 'x',
      billing_email: 'x@example.com',
      currency: 'USD',
      timezone: 'UTC',
      grace_hours: 1,
    },
    projects: { organisation_id, name: 'x', description: 'x' },
    'api-keys': { project_id, name: 'x' },
    'pricing-plans': {
      organisation_id,
      metric_name: 'm',
      unit: '',
      currency: 'USD',
      charge_model: 'graduated',
      tiers: [{ up_to: null, price_per_unit: '1' }],
      effective_from: '2026-01-01',
    },
    'invoices/preview': { organisation_id, year: 2026, month: 1 },
    'jobs/publish': { as_of: '2026-01-01T00:00:00Z' },
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(bodies)),
      fc.nat(),
      anything,
      async (path, which, value) => {
        const good = bodies[path] ?? {};
        const field = Object.keys(good)[which % Object.keys(good).length] as string;
        const answer = await ask(`/v1/admin/${path}`, { json: { ...good, [field]: value } });
        expect([200, 201, 404, 409, 422], JSON.stringify([path, field, value, answer.body])).toContain(
          answer.status,
        );
        if (answer.status >= 400) problemOf(answer, answer.status);
      },
    ),
    { ...SEED, numRuns: 400 },
  );
});

describe('on the bare wire', () => {
  const { host, hostname, port } = new URL(baseUrl);
  /** Sends raw bytes; returns what was received until the other side closed. */
  const speak = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(text, 'latin1')));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  const head = (line: string, ...headers: string[]): string =>
    `${[line, `Host: ${host}`, `Authorization: Bearer ${adminKey}`, 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
  const status = (answer: string): number => Number(answer.slice(9, 12));

  test.each<[string, string, number]>([
    ['percent signs that encode nothing', head('GET /v1/admin/organisations/%zz%E0%A4 HTTP/1.1'), 404],
    ['dots', head('GET /v1/admin/organisations/../status HTTP/1.1'), 200],
    ['encoded dots', head('GET /v1/admin/organisations/%2e%2e/status HTTP/1.1'), 404],
    ['another host', head('GET http://elsewhere.example/v1/admin/status HTTP/1.1'), 200],
    [
      'a hundred thousand letters of header',
      head('GET /v1/admin/status HTTP/1.1', `X-Long: ${'x'.repeat(100_000)}`),
      200,
    ],
    [
      'a thousand headers',
      head('GET /v1/admin/status HTTP/1.1', ...Array.from({ length: 1000 }, (_, i) => `X-${i}: 1`)),
      200,
    ],
    ['two keys', head('GET /v1/admin/status HTTP/1.1', `Authorization: Bearer ${adminKey}`), 401],
    ['a query without a path of its own', head('GET /v1/admin/organisations?limit=1?limit=2 HTTP/1.1'), 422],
    ['a semicolon', head('GET /v1/admin/status;x=1 HTTP/1.1'), 404],
    ['a backslash', head('GET /v1\\admin\\status HTTP/1.1'), 404],
    ['TRACE', head('TRACE /v1/admin/status HTTP/1.1'), 405],
    ['HTTP 1.0', head('GET /v1/admin/status HTTP/1.0'), 200],
  ])('%s', async (_, request, expected) => {
    const answer = await speak(request);
    expect(status(answer), answer.slice(0, 300)).toBe(expected);
    if (expected >= 400) expect(answer).toMatch(/content-type: application\/problem\+json\r\n/i);
  });

  test('a client that leaves in the middle of its body harms no other', async () => {
    const { key } = await world.tenant();
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    const lines = ['POST /v1/events HTTP/1.1', `Host: ${host}`, `Authorization: Bearer ${key}`];
    socket.write(
      `${lines.join('\r\n')}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"metric`,
    );
    socket.destroy();
    const answer = await sendRaw(key, 'application/json', JSON.stringify(eventOf()));
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1 } });
  });
});
