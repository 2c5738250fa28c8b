/** Request bodies with AI calls: each body is either accepted or rejected, with no other outcome. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readGeneration } from '../../../src/ingest/generations/read-generation.ts';
import { generationOf, problemOf } from '../../http/wire.ts';
import { openDoor, send, sendRaw, stored } from './door.ts';

beforeAll(openDoor);

const LENIENT = { prefer: 'handling=lenient' };

const linesOf = (...calls: unknown[]): string => calls.map((call) => JSON.stringify(call)).join('\n');

describe('a body of calls', () => {
  test.each<[string, string, () => string, number]>([
    ['one object', 'application/json', () => JSON.stringify(generationOf()), 1],
    ['an array', 'application/json', () => JSON.stringify([generationOf(), generationOf()]), 2],
    ['{"generations": […]}', 'application/json', () => JSON.stringify({ generations: [generationOf()] }), 1],
    ['NDJSON', 'application/x-ndjson', () => `${linesOf(generationOf(), generationOf())}\r\n\n`, 2],
    [
      '5,000 calls',
      'application/x-ndjson',
      () => linesOf(...Array.from({ length: 5000 }, () => generationOf())),
      5000,
    ],
  ])('%s is accepted, plain and as gzip', async (_, type, body, count) => {
    const plain = await sendRaw(type, body());
    expect([plain.status, plain.body.accepted]).toEqual([202, count]);
    const packed = await sendRaw(type, new Uint8Array(gzipSync(body())), { 'content-encoding': 'gzip' });
    expect([packed.status, packed.body.accepted]).toEqual([202, count]);
  });

  test.each<[string, string, string, number, string]>([
    ['text/plain', 'text/plain', '{}', 415, 'unsupported_media_type'],
    ['CloudEvents', 'application/cloudevents+json', '{}', 415, 'unsupported_media_type'],
    ['no JSON', 'application/json', '{', 422, 'malformed_json'],
    ['an empty array', 'application/json', '[]', 422, 'invalid_request'],
    ['a body of events', 'application/json', '{"events":[]}', 422, 'invalid_request'],
    ['5,001 calls', 'application/x-ndjson', '{}\n'.repeat(5001), 413, 'payload_too_large'],
    ['5 MiB and a byte', 'application/json', ' '.repeat(5 * 1024 * 1024 + 1), 413, 'payload_too_large'],
  ])('%s is refused', async (_, type, body, status, code) => {
    expect(problemOf(await sendRaw(type, body), status).code).toBe(code);
  });

  test('is refused with a wrong key, and with none', async () => {
    const call = generationOf();
    for (const key of ['mb_live_wrong', null]) {
      expect(problemOf(await send(call, {}, key), 401).code).toBe('unauthorized');
    }
    expect(await stored(call['idempotency_key'] as string)).toEqual([]);
  });

  test('with any fault is refused whole, with a pointer for each, and nothing stored', async () => {
    const good = generationOf();
    const bad = {
      provider: 'openai',
      model: 'm',
      scene: 'x',
      tokens: { input: 1, output: 0, cache_read: 2 },
      x: 1,
    };
    const places = ['tokens/input', 'idempotency_key', 'x'];
    for (const [body, prefix] of [
      [[good, bad], '/1'],
      [{ generations: [good, bad] }, '/generations/1'],
      [bad, ''],
    ] as const) {
      expect(problemOf(await send(body), 422).pointers).toEqual(places.map((place) => `${prefix}/${place}`));
    }
    const lines = await sendRaw('application/x-ndjson', `${JSON.stringify(good)}\n{"a":\n`);
    expect(problemOf(lines, 422).pointers).toEqual(['/1']);
    expect(await stored(good['idempotency_key'] as string)).toEqual([]);
  });

  test('handled leniently keeps the valid ones and answers 207', async () => {
    const answer = await send([generationOf(), { ...generationOf(), model: 1 }, generationOf()], LENIENT);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 1 });
    expect(answer.body.results[1]).toMatchObject({
      index: 1,
      id: null,
      status: 'rejected',
      code: 'wrong_type',
    });
  });
});

type Call = Readonly<Record<string, unknown>>;

describe('whatever comes', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.jsonValue({ stringUnit: 'binary' }),
    fc.double(),
  );
  const names = [
    'provider',
    'model',
    'tokens',
    'cost_usd',
    'request_data',
    'occurred_at',
    'response_id',
    'x',
  ];
  const almost = fc
    .dictionary(fc.constantFrom(...names), anything, { maxKeys: 2 })
    .map((changes) => generationOf(changes));

  test('is taken or refused by the contract', async () => {
    const body = fc.oneof(
      anything,
      almost,
      fc.array(almost, { maxLength: 3 }),
      fc.record({ generations: anything }),
    );
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (value, lenient) => {
        const answer = await sendRaw('application/json', JSON.stringify(value) ?? '', lenient ? LENIENT : {});
        expect([202, 207, 409, 413, 415, 422], JSON.stringify(answer.body)).toContain(answer.status);
        if (answer.status >= 400) problemOf(answer, answer.status);
      }),
      { seed: 7_306_815, endOnFailure: true, numRuns: 200 },
    );
  });

  test('what is taken is kept to the character', async () => {
    const payload = fc.oneof(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom<unknown>(1e21, 5e-324, -0, '\u2028"\\\u0001'),
    );
    const calls = fc
      .sample(fc.tuple(payload, payload), { seed: 1, numRuns: 300 })
      .map(([request_data, response_data]) => generationOf({ request_data, response_data }));
    const answer = await sendRaw('application/x-ndjson', linesOf(...calls));
    expect([answer.status, answer.body.accepted]).toEqual([202, 300]);
    expect(await keptOf(calls)).toEqual(calls.map(textOf));
  });

  /** Removes the cost computed at the edge, which comes last. */
  const contentOf = (stored: unknown): string =>
    String(stored)
      .slice(1, -1)
      .replace(/\](?:,"[\d.a-f-]+")+$/, ']');
  const keptOf = (calls: readonly Call[]): Promise<unknown[]> =>
    Promise.all(
      calls.map(async (call) =>
        contentOf((await stored(call['idempotency_key'] as string))[0]?.['generation']),
      ),
    );
  const textOf = (call: Call): unknown => {
    const event = readGeneration(JSON.parse(JSON.stringify(call)), undefined, Date.now(), '');
    return Array.isArray(event) ? event : event.generation?.content;
  };
  const texts = ['a', 'ä', '€', '😀', '"\\', '\u007f\u0001', ''];
  const callsOf = (count: number, repeat: number): Call[] =>
    Array.from({ length: count }, (_, index) =>
      generationOf({ request_data: (texts[index % texts.length] ?? '').repeat(repeat) }),
    );

  test('so too in a request whose calls take several bound values', async () => {
    const calls = callsOf(210, 6_000);
    expect((await sendRaw('application/json', JSON.stringify(calls))).body.accepted).toBe(210);
    expect(await keptOf(calls)).toEqual(calls.map(textOf));
  });

  test('and where single calls at once share a transaction', async () => {
    const calls = callsOf(40, 3);
    await Promise.all(calls.map((call) => sendRaw('application/json', JSON.stringify(call))));
    expect(await keptOf(calls)).toEqual(calls.map(textOf));
  });
});
