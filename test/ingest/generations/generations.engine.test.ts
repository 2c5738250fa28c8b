/** The door for AI calls: what its answers say, and that it is so in the hot store. */
import { beforeAll, describe, expect, test } from 'vitest';
import { readHotText } from '../../../src/ai/call-content.ts';
import { type Answer, ask, generationOf, problemOf, withoutRequestId, world } from '../../http/wire.ts';
import { queryD1 } from '../../setup/client.ts';
import { random, randomUUID } from '../../setup/seeded.ts';
import type { Json } from '../../setup/world.ts';
import { openDoor, send, sendRaw, stored, tenant } from './door.ts';

beforeAll(openDoor);

const later = (key: string): Promise<Record<string, Json>[]> =>
  queryD1(
    'HOT_0',
    'SELECT * FROM event_conflicts WHERE project_id = ? AND idempotency_key = ? ORDER BY seq',
    tenant().project_id,
    key,
  );
const keyIn = ({ body }: Answer): string => body.results[0].idempotency_key;
const statuses = ({ body }: Answer): string[] => body.results.map((result: Json) => result.status);

test('a call is stored as one event, its counts disjoint, its cost as it was written', async () => {
  const key = randomUUID();
  const call = generationOf({
    idempotency_key: key,
    provider: 'openai',
    tokens: { input: 1000, output: '500', cache_read: 200, reasoning: 100 },
    user_id: 'u1',
    occurred_at: '2026-01-02T03:04:05Z',
    request_data: { prompt: '😀'.repeat(5000) },
  });
  // In JavaScript's own notation, so that no double has touched it.
  const body = JSON.stringify(call).replace('"provider"', '"cost_usd":1.5e-7,"provider"');
  const answer = await sendRaw('application/json', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  expect(answer.body.results).toMatchObject([{ index: 0, status: 'accepted', idempotency_key: key }]);
  expect(answer.body.unpriced_metrics).toEqual([
    'ai.calls',
    'ai.input_tokens',
    'ai.output_tokens',
    'ai.cache_read_tokens',
    'ai.cost_usd',
  ]);
  const [row = {}, ...more] = await stored(key);
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    id: answer.body.results[0].id,
    metric_name: 'ai.calls',
    metric_value: '1',
    unit: 'call',
    metadata: '{}',
    user_id: 'u1',
    timestamp: Date.parse('2026-01-02T03:04:05Z'),
  });
  const content: Json = readHotText(row['generation']);
  expect(content).toMatchObject({
    cost_usd: '0.00000015',
    tokens: { input: '800', output: '400', cache_read: '200', reasoning: '100' },
    request_data: { truncated: true, bytes: 20_013 },
  });
  expect(new TextEncoder().encode(JSON.stringify(content.request_data)).length).toBeLessThanOrEqual(16_384);
});

test('a call with the longest names that there may be is counted', async () => {
  // Of characters that do not compress: they are a key of the day's statistics.
  const textOf = (length: number, from: number, count: number): string =>
    String.fromCodePoint(...Array.from({ length }, () => from + Math.floor(random() * count)));
  const call = generationOf({
    provider: textOf(64, 97, 26),
    model: textOf(255, 97, 26),
    generation_type: textOf(128, 0x20000, 0xa000),
    user_id: textOf(255, 0x20000, 0xa000),
  });
  const { body } = await send(call);
  await world.job('rollup');
  const { id } = body.results[0];
  const found = await world.get(`/v1/admin/ai/generations/${id}`);
  expect(found.body).toMatchObject({
    id,
    user_id: call['user_id'],
    generation_type: call['generation_type'],
  });
});

test('a plain event has no call, also in the transaction of one that has', async () => {
  const keys = Array.from({ length: 20 }, () => randomUUID());
  await Promise.all(
    keys.map((idempotency_key, index) =>
      index % 2 === 0
        ? send(generationOf({ idempotency_key }))
        : ask('/v1/events', {
            key: tenant().key,
            json: { metric_name: 'm', metric_value: '1', unit: '', idempotency_key },
          }),
    ),
  );
  const rows = await Promise.all(keys.map(stored));
  expect(rows.map(([row]) => row?.['generation'] !== null)).toEqual(keys.map((_, index) => index % 2 === 0));
  expect(rows.map(([row]) => row?.['metric_name'])).toEqual(
    keys.map((_, index) => (index % 2 ? 'm' : 'ai.calls')),
  );
});

describe('one call that arrives twice', () => {
  test('without a response_id is a duplicate by its key and content, and a conflict with other content', async () => {
    const call = generationOf({ session_id: 's' });
    const key = call['idempotency_key'] as string;
    const first = await send(call);
    const again = await send({ ...call, tokens: { input: '0740', output: 255, cache_read: 0 } });
    expect(again.status).toBe(202);
    expect(again.body.results).toEqual([
      { index: 0, status: 'duplicate', id: first.body.results[0].id, idempotency_key: key },
    ]);
    expect(await later(key)).toEqual([]);
    const other = await send({ ...call, tokens: { input: 741, output: 255 } });
    expect(problemOf(other, 409).code).toBe('event_conflict');
    expect(await send([{ ...call, sku: 'x' }])).toMatchObject({ status: 207, body: { conflicts: 1 } });
    expect((await later(key)).map(({ kind }) => kind)).toEqual(['conflict', 'conflict']);
    expect(JSON.parse((await later(key))[0]?.['event'])).toMatchObject({
      metric_name: 'ai.calls',
      generation: { tokens: { input: '741' } },
    });
    expect(readHotText((await stored(key))[0]?.['generation'])).toMatchObject({ tokens: { input: '740' } });
  });

  test('by two ways, under two keys, is one call by its response_id', async () => {
    const response_id = randomUUID();
    const traced = generationOf({ response_id, model: 'claude-sonnet-5-20260901', request_data: { a: 1 } });
    const first = await send(traced);
    const key = keyIn(first);
    expect(key).toMatch(/^ai:[A-Za-z0-9_-]{43}$/);
    const second = await send(generationOf({ response_id, tokens: { input: 1, output: 1 } }));
    expect(second.status).toBe(202);
    expect(second.body.results).toEqual([
      { index: 0, status: 'duplicate', id: first.body.results[0].id, idempotency_key: key },
    ]);
    // Adds nothing to the first except what was counted.
    expect(await later(key)).toEqual([]);
    const [row] = await stored(key);
    expect(readHotText(row?.['generation'])).toMatchObject({
      model: 'claude-sonnet-5-20260901',
      idempotency_key: traced['idempotency_key'],
      tokens: { input: '740' },
    });
    expect(await stored(traced['idempotency_key'] as string)).toEqual([]);
  });

  test('and then says more is kept as a fill, each once, beside the first', async () => {
    const response_id = randomUUID();
    const first = await send(generationOf({ response_id, sku: 'a' }));
    const key = keyIn(first);
    const fuller = generationOf({ response_id, sku: 'b', output_summary: 'o', user_id: 'u', cost_usd: '9' });
    for (let time = 0; time < 2; time++) expect(statuses(await send(fuller))).toEqual(['duplicate']);
    expect(statuses(await send([generationOf({ response_id, session_id: 's' })]))).toEqual(['duplicate']);
    const fills = await later(key);
    const found = await ask(`/v1/events/${key}`, { key: tenant().key });
    expect(found.body.later.map(({ status }: Json) => status)).toEqual(['fill', 'fill']);
    expect(fills.map(({ kind, first_event_id }) => [kind, first_event_id])).toEqual(
      Array.from({ length: 2 }, () => ['fill', first.body.results[0].id]),
    );
    expect(JSON.parse(fills[0]?.['event']).generation).toMatchObject({ sku: 'b', output_summary: 'o' });
    expect(readHotText((await stored(key))[0]?.['generation'])?.['output_summary']).toBeUndefined();
  });

  test('in one request is accepted once, and filled', async () => {
    const response_id = randomUUID();
    const calls = [{}, {}, { sku: 'x' }].map((fields) => generationOf({ response_id, ...fields }));
    const answer = await send(calls);
    expect(statuses(answer)).toEqual(['accepted', 'duplicate', 'duplicate']);
    expect((await later(keyIn(answer))).map(({ kind }) => kind)).toEqual(['fill']);
  });

  test('twenty times at once is accepted once, and what the first has is not filled', async () => {
    const response_id = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(generationOf({ response_id, sku: `${index % 2}` }))),
    );
    const all = answers.flatMap(statuses).sort();
    expect(all).toEqual(['accepted', ...new Array(19).fill('duplicate')]);
    expect(await stored(keyIn(answers[0] as Answer))).toHaveLength(1);
    expect(await later(keyIn(answers[0] as Answer))).toEqual([]);
  });
});

test("another tenant's call of the same response is its own", async () => {
  const other = await world.tenant();
  const call = generationOf({ response_id: randomUUID() });
  expect(statuses(await send(call))).toEqual(['accepted']);
  expect(statuses(await send(call, {}, other.key))).toEqual(['accepted']);
});

describe('a call on its way', () => {
  const locate = (key: string): Promise<Answer> =>
    ask(`/v1/events/${encodeURIComponent(key)}`, { key: tenant().key });

  test('is found by its own key, and where it has a response_id by the key that the receipt names', async () => {
    const own = generationOf();
    const traced = generationOf({ response_id: randomUUID() });
    const answer = await send([own, traced]);
    const [first, second] = answer.body.results;
    expect(first.idempotency_key).toBe(own['idempotency_key']);
    for (const { id, idempotency_key } of [first, second]) {
      const found = await locate(idempotency_key);
      expect([found.status, found.body.id]).toEqual([200, id]);
      // Another suite may drain the shard before the look.
      expect(['pending', 'counted']).toContain(found.body.status);
    }
    expect(problemOf(await locate(traced['idempotency_key'] as string), 404).code).toBe('not_found');
  });

  test('is answered like an event: with the headers of one, and the same problem for the same fault', async () => {
    const answer = await send(generationOf());
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('ratelimit-policy')).toMatch(/^"default";q=\d+;w=60$/);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    const refused = await send('x');
    expect(withoutRequestId(refused)).toMatchObject({ errors: [{ pointer: '', code: 'wrong_type' }] });
  });
});
