/** The formats in which events arrive over HTTP, and the cheap early refusals. */
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { cloudEventKey } from '../../src/ingest/parse-cloudevents.ts';
import { queryD1 } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Tenant } from '../setup/world.ts';
import { type Answer, ask, eventOf, problemOf, send, sendRaw, world } from './wire.ts';

const JSON_TYPE = 'application/json';
const CLOUD = 'application/cloudevents+json';
const CLOUD_BATCH = 'application/cloudevents-batch+json';
const NDJSON = 'application/x-ndjson';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const countStored = async ({ project_id } = tenant): Promise<number> => {
  const sql = 'SELECT count(*) AS n FROM usage_events WHERE project_id = ?';
  const [row] = await queryD1<{ n: number }>('HOT_0', sql, project_id);
  return row?.n ?? 0;
};

const linesOf = (...events: unknown[]): string => events.map((event) => JSON.stringify(event)).join('\n');
const accepted = (answer: Answer): number => {
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer.body.accepted;
};
const gzip = { 'content-encoding': 'gzip' };
const packed = (text: string | Buffer): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(text));

describe('bodies of events', () => {
  const cloud = () => ({ specversion: '1.0', type: 'call', source: '/s', id: randomUUID() });
  test.each<[string, string, () => string, number]>([
    ['one object', JSON_TYPE, () => JSON.stringify(eventOf()), 1],
    ['an array', JSON_TYPE, () => JSON.stringify([eventOf(), eventOf()]), 2],
    ['{"events": […]}', JSON_TYPE, () => JSON.stringify({ events: [eventOf(), eventOf()] }), 2],
    ['NDJSON', NDJSON, () => linesOf(eventOf(), eventOf()), 2],
    ['NDJSON with blank lines and CRLF', NDJSON, () => `\r\n${linesOf(eventOf(), eventOf())}\r\n\r\n`, 2],
    ['a structured CloudEvent', CLOUD, () => JSON.stringify(cloud()), 1],
    ['a batch of CloudEvents', CLOUD_BATCH, () => JSON.stringify([cloud(), cloud()]), 2],
    ['a charset after the type', 'application/json; charset=UTF-8', () => JSON.stringify(eventOf()), 1],
    ['a charset after a CloudEvent', `${CLOUD};charset="utf-8"`, () => JSON.stringify(cloud()), 1],
    ['a byte order mark', JSON_TYPE, () => `\ufeff${JSON.stringify(eventOf())}`, 1],
  ])('%s is accepted, plain and as gzip', async (_, type, body, count) => {
    expect(accepted(await sendRaw(tenant.key, type, body()))).toBe(count);
    expect(accepted(await sendRaw(tenant.key, type, packed(body()), gzip))).toBe(count);
  });

  test.each<[string, string | null, string]>([
    ['no type', null, JSON.stringify(eventOf())],
    ['text/plain', 'text/plain', JSON.stringify(eventOf())],
    ['a form', 'application/x-www-form-urlencoded', 'a=b'],
    ['another charset', 'application/json; charset=utf-16', JSON.stringify(eventOf())],
    ['XML data of a CloudEvent', 'application/cloudevents+xml', '<event/>'],
  ])('%s: 415', async (_, type, body) => {
    expect(problemOf(await sendRaw(tenant.key, type, body), 415).code).toBe('unsupported_media_type');
  });

  test.each<[string, string, string, string, string]>([
    ['nothing', JSON_TYPE, '', 'malformed_json', ''],
    ['half an object', JSON_TYPE, '{"a":', 'malformed_json', ''],
    ['an empty array', JSON_TYPE, '[]', 'invalid_request', ''],
    ['an empty list', JSON_TYPE, '{"events":[]}', 'invalid_request', '/events'],
    ['a list that is none', JSON_TYPE, '{"events":{}}', 'invalid_request', '/events'],
    ['a field beside the list', JSON_TYPE, '{"events":[{}],"x":1}', 'invalid_request', '/x'],
    ['empty NDJSON', NDJSON, '\n\n', 'invalid_request', ''],
    ['a single CloudEvent as a batch', CLOUD_BATCH, '{}', 'invalid_request', ''],
    ['a text', JSON_TYPE, '"x"', 'invalid_request', ''],
  ])('%s: 422', async (_, type, body, code, pointer) => {
    const problem = problemOf(await sendRaw(tenant.key, type, body), 422);
    expect(problem.code).toBe(code);
    if (code === 'invalid_request') expect(problem.pointers).toEqual([pointer]);
  });

  test('another encoding is 415, and what only says that it is gzip is 422', async () => {
    problemOf(await sendRaw(tenant.key, JSON_TYPE, '{}', { 'content-encoding': 'br' }), 415);
    problemOf(await sendRaw(tenant.key, JSON_TYPE, '{}', gzip), 422);
    const cut = packed(JSON.stringify(eventOf())).slice(0, -9);
    problemOf(await sendRaw(tenant.key, JSON_TYPE, cut, gzip), 422);
  });
});

describe('a CloudEvent', () => {
  const attributes = { specversion: '1.0', type: 'tokens.ü', source: '/modèles', subject: 'user 1' };
  const time = '2026-02-03T04:05:06.789012+00:00';
  const data = { value: '7.50', unit: 'token', model: 'm', __proto: 1 };
  const binary = (id: string): Record<string, string> => ({
    'ce-specversion': '1.0',
    'ce-type': encodeURIComponent(attributes.type),
    'ce-source': encodeURIComponent(attributes.source),
    'ce-subject': 'user 1',
    'ce-id': id,
    'ce-time': time,
  });
  const modes: Record<string, (id: string) => Promise<Answer>> = {
    structured: (id) => sendRaw(tenant.key, CLOUD, JSON.stringify({ ...attributes, time, id, data })),
    batched: (id) => sendRaw(tenant.key, CLOUD_BATCH, JSON.stringify([{ ...attributes, time, id, data }])),
    binary: (id) => sendRaw(tenant.key, JSON_TYPE, JSON.stringify(data), binary(id)),
  };

  test.each(Object.keys(modes))('that came %s is a duplicate in every other mode', async (first) => {
    const id = randomUUID();
    expect(accepted((await modes[first]?.(id)) as Answer)).toBe(1);
    for (const mode of Object.values(modes)) {
      expect(await mode(id)).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 1 } });
    }
  });

  test('is stored under the key that its receipt names, in the fields that its attributes stand for', async () => {
    const id = randomUUID();
    const answer = await (modes['binary'] as (id: string) => Promise<Answer>)(id);
    const key = cloudEventKey(attributes.source, id);
    expect(answer.body.results).toMatchObject([{ index: 0, status: 'accepted', idempotency_key: key }]);
    const [row] = await queryD1<Record<string, unknown>>(
      'HOT_0',
      'SELECT * FROM usage_events WHERE project_id = ? AND idempotency_key = ?',
      tenant.project_id,
      key,
    );
    expect(row).toMatchObject({
      metric_name: 'tokens.ü',
      metric_value: '7.5',
      unit: 'token',
      user_id: 'user 1',
      timestamp: Date.parse('2026-02-03T04:05:06.789Z'),
      metadata: '{"__proto":1,"model":"m"}',
    });
    const query = new URLSearchParams({ source: attributes.source, id });
    const found = await ask(`/v1/events?${query}`, { key: tenant.key });
    // Another suite may have drained the shard meanwhile.
    expect(found).toMatchObject({ status: 200, body: { idempotency_key: key } });
    expect(['pending', 'counted']).toContain(found.body.status);
  });

  test('counts 1 of no unit where it has no data, and never splits its identity elsewhere', async () => {
    const bare = { 'ce-specversion': '1.0', 'ce-type': 'call', 'ce-source': 'a', 'ce-id': 'bc' };
    expect(accepted(await sendRaw(tenant.key, null, '', bare))).toBe(1);
    const other = { ...bare, 'ce-source': 'ab', 'ce-id': 'c' };
    expect(accepted(await sendRaw(tenant.key, null, '', other))).toBe(1);
  });

  test('with faults is refused with pointers in the words of its mode', async () => {
    const bad = { specversion: '0.3', source: '', id: 1, time: 'x', data: { value: '1e3' } };
    expect(problemOf(await sendRaw(tenant.key, CLOUD, JSON.stringify(bad)), 422).pointers).toEqual([
      '/specversion',
      '/id',
      '/source',
      '/type',
      '/data/value',
      '/time',
    ]);
    const batch = JSON.stringify([{ ...attributes, id: 'x' }, bad]);
    expect(problemOf(await sendRaw(tenant.key, CLOUD_BATCH, batch), 422).pointers).toContain('/1/type');
    const headers = { 'ce-specversion': '1.0', 'ce-type': '%zz', 'ce-id': '1' };
    expect(problemOf(await sendRaw(tenant.key, JSON_TYPE, '{}', headers), 422).pointers).toEqual([
      'ce-type',
      'ce-source',
    ]);
  });
});

describe('the limits of a request', () => {
  const small = (index: number) => ({
    metric_name: 'm',
    metric_value: '1',
    unit: '',
    idempotency_key: `${index}`,
  });
  const many = (count: number) => Array.from({ length: count }, (_, index) => small(index));

  test('5,000 events are taken, 5,001 are not: 413 and nothing stored', async () => {
    const own = await world.tenant();
    const forms = (count: number): [string, string][] => [
      [JSON_TYPE, JSON.stringify(many(count))],
      [JSON_TYPE, JSON.stringify({ events: many(count) })],
      [NDJSON, linesOf(...many(count))],
      [
        CLOUD_BATCH,
        JSON.stringify(
          many(count).map(({ idempotency_key: id }) => ({ specversion: '1.0', type: 't', source: 's', id })),
        ),
      ],
    ];
    for (const [type, body] of forms(5001)) {
      expect(problemOf(await sendRaw(own.key, type, body), 413).code).toBe('payload_too_large');
    }
    expect(await countStored(own)).toBe(0);
    const answers = [];
    for (const [type, body] of forms(5000)) answers.push((await sendRaw(own.key, type, body)).body);
    expect(answers.map(({ accepted, duplicates }) => [accepted, duplicates])).toEqual([
      [5000, 0],
      [0, 5000],
      [0, 5000],
      [5000, 0],
    ]);
    expect(answers[0].results).toEqual([]);
    expect(await countStored(own)).toBe(10_000);
  });

  const LIMIT = 5 * 1024 * 1024;
  const padded = (bytes: number): string => {
    const text = JSON.stringify([eventOf()]);
    return text + ' '.repeat(bytes - text.length);
  };

  test('5 MiB are taken, one byte more is not, whether plain, chunked or inflated', async () => {
    expect(accepted(await sendRaw(tenant.key, JSON_TYPE, padded(LIMIT)))).toBe(1);
    expect(accepted(await sendRaw(tenant.key, JSON_TYPE, packed(padded(LIMIT)), gzip))).toBe(1);
    problemOf(await sendRaw(tenant.key, JSON_TYPE, padded(LIMIT + 1)), 413);
    problemOf(await sendRaw(tenant.key, JSON_TYPE, packed(padded(LIMIT + 1)), gzip), 413);
    const chunked = await ask('/v1/events', {
      key: tenant.key,
      headers: { 'content-type': JSON_TYPE },
      body: new Blob([padded(LIMIT + 1)]).stream(),
    });
    problemOf(chunked, 413);
  });

  test('a bomb of 64 MiB of zeros in 64 kB is a 413, and the next request is served', async () => {
    const bomb = packed(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(70_000);
    const answers = await Promise.all([1, 2, 3, 4].map(() => sendRaw(tenant.key, JSON_TYPE, bomb, gzip)));
    for (const answer of answers) problemOf(answer, 413);
    expect(accepted(await send(tenant.key, eventOf()))).toBe(1);
  });

  test('100,000 levels are refused, in metadata and around it', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    problemOf(await sendRaw(tenant.key, JSON_TYPE, deep), 422);
    const event = JSON.stringify(eventOf({ metadata: {} })).replace('{}', `{"a":${deep}}`);
    expect(problemOf(await sendRaw(tenant.key, JSON_TYPE, event), 422).pointers).toEqual(['/metadata']);
    const number = event.replace('"12.5"', '1e2');
    problemOf(await sendRaw(tenant.key, JSON_TYPE, number), 422);
  });
});
