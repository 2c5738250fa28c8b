/** What the door for traces answers, in OTLP's own shapes, and that nothing is stored where it refuses. */
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, generationOf, rpcStatusOf, world } from '../../http/wire.ts';
import { api, queryD1 } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Tenant } from '../../setup/world.ts';
import { fromBinary } from './rpc.ts';
import {
  bareSpan,
  jsonTraces,
  newId,
  newTrace,
  protobufTraces,
  spanOf,
  type TestSpan,
  TRACES_PATH,
} from './spans.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

type Sent = string | Uint8Array<ArrayBuffer> | ReadableStream;
const post = (type: string | null, body: Sent, headers: Record<string, string> = {}): Promise<Response> =>
  api(TRACES_PATH, {
    key: tenant.key,
    method: 'POST',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    headers: { ...(type !== null && { 'content-type': type }), ...headers },
  });
const send = (...spans: TestSpan[]) => ask(TRACES_PATH, { key: tenant.key, json: jsonTraces(spans) });

const storedRows = async (): Promise<number> =>
  (
    await queryD1<{ n: number }>(
      'HOT_0',
      'SELECT count(*) AS n FROM usage_events WHERE project_id = ?',
      tenant.project_id,
    )
  )[0]?.n ?? -1;

const AGENT = { 'gen_ai.operation.name': 'invoke_agent' };
const UNTOLD = { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'm' };

describe('a request whose spans are all in order', () => {
  test('answers 200 and says how many count, as JSON', async () => {
    const spans = [spanOf(), spanOf({ attributes: AGENT }), bareSpan({})];
    const answer = await send(...spans);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(JSON_TYPE);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('ratelimit-policy')).toMatch(/^"default";q=\d+;w=60$/);
    expect(answer.headers.get('x-meterbook-spans')).toBe('accepted=1, duplicates=0, ignored=2, rejected=0');
    expect(answer.body).toEqual({ spans: { accepted: 1, duplicates: 0, ignored: 2, rejected: 0 } });
    expect((await send(...spans)).body).toEqual({
      spans: { accepted: 0, duplicates: 1, ignored: 2, rejected: 0 },
    });
  });

  test('answers an empty message in protobuf, with the counts in the header', async () => {
    for (const type of [PROTOBUF, 'application/protobuf', `${PROTOBUF}; charset=utf-8`]) {
      const response = await post(type, protobufTraces([spanOf(), bareSpan({})]));
      expect([response.status, response.headers.get('content-type')]).toEqual([200, PROTOBUF]);
      expect(response.headers.get('x-meterbook-spans')).toBe(
        'accepted=1, duplicates=0, ignored=1, rejected=0',
      );
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    }
  });

  test.each<[string, string, string | Uint8Array<ArrayBuffer>]>([
    ['nothing in JSON', JSON_TYPE, '{}'],
    ['no spans', JSON_TYPE, '{"resourceSpans":[]}'],
    ['no bytes', PROTOBUF, new Uint8Array()],
  ])('%s is a success', async (_, type, body) => {
    expect((await post(type, body)).status).toBe(200);
  });

  test('zipped, in chunks of unknown length and both it is the same', async () => {
    const streamOf = (bytes: Uint8Array): ReadableStream =>
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 100) controller.enqueue(bytes.subarray(at, at + 100));
          controller.close();
        },
      });
    const bodies = [JSON_TYPE, PROTOBUF].map((type) => {
      const spans = Array.from({ length: 5 }, () => spanOf());
      const bytes =
        type === JSON_TYPE ? Buffer.from(JSON.stringify(jsonTraces(spans))) : protobufTraces(spans);
      return [type, new Uint8Array(bytes)] as const;
    });
    for (const [type, bytes] of bodies) {
      const zipped = new Uint8Array(gzipSync(bytes));
      const gzip = { 'content-encoding': 'gzip' };
      const counts = [];
      for (const response of [
        await post(type, streamOf(zipped), gzip),
        await post(type, zipped, gzip),
        await post(type, streamOf(bytes)),
        await post(type, bytes, { 'content-encoding': 'identity' }),
      ]) {
        expect(response.status).toBe(200);
        counts.push(response.headers.get('x-meterbook-spans'));
      }
      const again = 'accepted=0, duplicates=5, ignored=0, rejected=0';
      expect(counts).toEqual(['accepted=5, duplicates=0, ignored=0, rejected=0', again, again, again]);
    }
  });
});

describe('spans that are not in order', () => {
  test('cost the others nothing: they are stored, and the answer says which and why', async () => {
    const bad = [
      spanOf({ attributes: { 'gen_ai.usage.input_tokens': -1 } }),
      spanOf({ trace: '0'.repeat(32) }),
      bareSpan(UNTOLD),
      spanOf({ attributes: { 'user.id': 'u'.repeat(300) } }),
      spanOf({ start: 1_000_000n }),
    ];
    const before = await storedRows();
    const answer = await send(spanOf(), ...bad, spanOf(), bareSpan({}));
    expect(answer.status).toBe(200);
    expect(answer.body.spans).toEqual({ accepted: 2, duplicates: 0, ignored: 1, rejected: 5 });
    expect(answer.body.partialSuccess.rejectedSpans).toBe('5');
    expect(answer.body.partialSuccess.errorMessage).toMatch(
      /^Span [0-9a-f]{16} of trace .*More rejected spans: 2\. Ignored spans: 1\.$/,
    );
    expect(await storedRows()).toBe(before + 2);
  });

  test('are told in protobuf too', async () => {
    const response = await post(PROTOBUF, protobufTraces([bareSpan(UNTOLD), spanOf()]));
    expect(response.status).toBe(200);
    const [partial] = fromBinary(new Uint8Array(await response.arrayBuffer()));
    expect(partial?.field).toBe(1);
    const [rejected, message] = fromBinary(partial?.bytes ?? new Uint8Array());
    expect([rejected?.field, rejected?.number]).toEqual([1, 1]);
    expect(new TextDecoder().decode(message?.bytes)).toMatch(/neither token counts/);
  });

  test('a span with the same ids and another content is a conflict: the first stays, and it is listed', async () => {
    const span = spanOf();
    await send(span);
    const answer = await send({
      ...span,
      attributes: { ...span.attributes, 'gen_ai.usage.input_tokens': 1 },
    });
    expect(answer.body.spans).toEqual({ accepted: 0, duplicates: 0, ignored: 0, rejected: 1 });
    expect(answer.body.partialSuccess.errorMessage).toMatch(/conflict/);
    const key = `otel:${span.trace}::${span.id}`;
    const rows = await queryD1(
      'HOT_0',
      'SELECT kind FROM event_conflicts WHERE project_id = ? AND idempotency_key = ?',
      tenant.project_id,
      key,
    );
    expect(rows).toEqual([{ kind: 'conflict' }]);
  });
});

describe('a refused request answers a google.rpc.Status in its own encoding, and stores nothing', () => {
  const good = JSON.stringify(jsonTraces([spanOf()]));
  const broken = protobufTraces([spanOf()]).slice(0, 50);
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  const gzip = { 'content-encoding': 'gzip' };
  const tooMany = protobufTraces(Array.from({ length: 5001 }, () => spanOf()));

  test.each<[string, number, number, string | null, Sent, Record<string, string>]>([
    ['half a JSON', 400, 3, JSON_TYPE, good.slice(0, -3), {}],
    ['no object', 400, 3, JSON_TYPE, '[]', {}],
    ['no UTF-8', 400, 3, JSON_TYPE, new Uint8Array([0x22, 0xff]), {}],
    ['half a protobuf', 400, 3, PROTOBUF, broken, {}],
    ['JSON that calls itself protobuf', 400, 3, PROTOBUF, good, {}],
    ['protobuf that calls itself JSON', 400, 3, JSON_TYPE, broken, {}],
    ['no gzip', 400, 3, PROTOBUF, broken, gzip],
    ['no type', 415, 3, null, good, {}],
    ['another type', 415, 3, 'text/plain', good, {}],
    ['another charset', 415, 3, 'application/json; charset=utf-16', good, {}],
    ['another encoding', 415, 3, JSON_TYPE, good, { 'content-encoding': 'zstd' }],
    ['more than 5 MiB', 413, 3, JSON_TYPE, ' '.repeat(5 * 1024 * 1024 + 1), {}],
    ['more than 5 MiB inflated', 413, 3, PROTOBUF, bomb, gzip],
    ['more than 5,000 calls', 413, 3, PROTOBUF, new Uint8Array(gzipSync(tooMany)), gzip],
  ])('%s: %d', async (_, status, code, type, body, headers) => {
    const before = await storedRows();
    const response = await post(type, body, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    if (type === PROTOBUF) {
      expect(response.headers.get('content-type')).toBe(PROTOBUF);
      const [first, second] = fromBinary(new Uint8Array(await response.arrayBuffer()));
      expect([first?.field, first?.number, second?.field]).toEqual([1, code, 2]);
      expect(new TextDecoder().decode(second?.bytes)).toMatch(/\.$/);
    } else {
      expect(response.headers.get('content-type')).toBe(JSON_TYPE);
      expect(await response.json()).toEqual({ code, message: expect.stringMatching(/./) });
    }
    expect(await storedRows()).toBe(before);
  });

  test('5,000 calls are taken', async () => {
    const spans = Array.from({ length: 5000 }, () => spanOf());
    const response = await post(PROTOBUF, new Uint8Array(gzipSync(protobufTraces(spans))), gzip);
    expect(response.status, await response.clone().text()).toBe(200);
    expect(response.headers.get('x-meterbook-spans')).toMatch(/^accepted=5000, /);
    expect(await storedRows()).toBeGreaterThanOrEqual(5000);
  });
});

describe('who may send', () => {
  const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });
  test('a key as the password of Basic, under any name, or as Bearer', async () => {
    for (const headers of [
      basic(`pk-lf:${tenant.key}`),
      basic(`:${tenant.key}`),
      { authorization: `bearer ${tenant.key}` },
    ]) {
      const answer = await ask(TRACES_PATH, { key: null, json: jsonTraces([spanOf()]), headers });
      expect([headers, answer.status]).toEqual([headers, 200]);
    }
  });

  test('nobody else, and in protobuf the answer is the same', async () => {
    for (const headers of [
      basic(`${tenant.key}:`),
      basic(tenant.key),
      basic(''),
      { authorization: 'Basic %' },
    ]) {
      const answer = await ask(TRACES_PATH, { key: null, json: jsonTraces([spanOf()]), headers });
      expect(rpcStatusOf(answer, 401)).toBe(16);
    }
    const response = await post(PROTOBUF, protobufTraces([spanOf()]), { authorization: 'Bearer x' });
    expect([response.status, response.headers.get('content-type')]).toEqual([401, PROTOBUF]);
    expect(fromBinary(new Uint8Array(await response.arrayBuffer()))[0]?.number).toBe(16);
  });

  test('a password is no key elsewhere', async () => {
    const answer = await ask('/v1/events', { key: null, json: [], headers: basic(`x:${tenant.key}`) });
    expect(answer.status).toBe(401);
  });

  test("another tenant's spans of the same ids are its own", async () => {
    const other = await world.tenant();
    const trace = newTrace();
    const above = spanOf({ trace });
    const below = spanOf({ trace, parent: above.id, id: newId() });
    expect((await send(above)).body.spans.accepted).toBe(1);
    const foreign = await ask(TRACES_PATH, { key: other.key, json: jsonTraces([below]) });
    expect(foreign.body.spans.accepted).toBe(1);
    expect((await send(below)).body.spans).toMatchObject({ accepted: 0, ignored: 1 });
  });
});

test('a call that comes by OTLP and by /v1/ai/generations is one call, whichever came first', async () => {
  for (const otlpFirst of [true, false]) {
    const response_id = randomUUID();
    const traced = () => send(spanOf({ attributes: { 'gen_ai.response.id': response_id } }));
    const called = () =>
      ask('/v1/ai/generations', { key: tenant.key, json: generationOf({ provider: 'openai', response_id }) });
    const before = await storedRows();
    const answers = otlpFirst ? [await traced(), await called()] : [await called(), await traced()];
    const said = answers.map(({ body }) => body.spans?.accepted ?? body.accepted);
    expect(said).toEqual([1, 0]);
    expect(answers.map(({ body }) => body.spans?.duplicates ?? body.duplicates)).toEqual([0, 1]);
    expect(await storedRows()).toBe(before + 1);
  }
});
