/** The verdict on each event in the answer, and that it is true. */
import { beforeAll, describe, expect, test } from 'vitest';
import { queryD1 } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Json, Tenant } from '../setup/world.ts';
import { eventOf, problemOf, send, sendRaw, world } from './wire.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const stored = (key: string, { project_id } = tenant): Promise<Record<string, Json>[]> =>
  queryD1(
    'HOT_0',
    'SELECT * FROM usage_events WHERE project_id = ? AND idempotency_key = ?',
    project_id,
    key,
  );

const statuses = ({ body }: { body: Json }): string[] => body.results.map((result: Json) => result.status);
const LENIENT = { prefer: 'handling=lenient' };

describe('a retry', () => {
  test('of the same content is a duplicate of the first id, in whatever notation', async () => {
    const key = randomUUID();
    const at = '2026-05-06T07:08:09.120Z';
    const fields = { idempotency_key: key, timestamp: at, metadata: { b: 1, a: [null, 'x'] } };
    const first = await send(tenant.key, eventOf({ ...fields, metric_value: '12.50' }));
    expect(first.body).toMatchObject({ accepted: 1, duplicates: 0, conflicts: 0, rejected: 0 });
    const [{ id }] = first.body.results;
    const forms: Record<string, unknown>[] = [
      {},
      { metric_value: 12.5 },
      { metric_value: '0012.5' },
      { timestamp: Date.parse(at) },
      { timestamp: '2026-05-06T09:08:09.120999+02:00' },
      { metadata: { a: [null, 'x'], b: 1.0 } },
      { user_id: null },
    ];
    for (const form of forms) {
      const again = await send(tenant.key, eventOf({ ...fields, ...form }));
      expect(again.status).toBe(202);
      expect(again.body.results).toEqual([{ index: 0, status: 'duplicate', id }]);
    }
    expect(await stored(key)).toHaveLength(1);
  });

  test('without a timestamp stays a duplicate however late, and with one becomes a conflict', async () => {
    const event = eventOf();
    await send(tenant.key, event);
    expect(statuses(await send(tenant.key, [event]))).toEqual(['duplicate']);
    const dated = { ...event, timestamp: '2026-01-01T00:00:00Z' };
    expect(statuses(await send(tenant.key, [dated]))).toEqual(['conflict']);
  });

  test.each([
    ['metric_name', { metric_name: 'other' }],
    ['metric_value', { metric_value: '12.500000000001' }],
    ['unit', { unit: 'Token' }],
    ['timestamp', { timestamp: '2026-01-01T00:00:00.001Z' }],
    ['user_id', { user_id: 'u' }],
    ['metadata', { metadata: { a: 2 } }],
  ])(
    'with another %s is a conflict: 409 with the receipt, the first stays, the second is kept',
    async (_, change) => {
      const own = await world.tenant();
      const event = eventOf({ timestamp: '2026-01-01T00:00:00Z', metadata: { a: 1 } });
      const key = event['idempotency_key'] as string;
      const first = await send(own.key, event);
      const again = await send(own.key, { ...event, ...change });
      expect(problemOf(again, 409).code).toBe('event_conflict');
      expect(again.body).toMatchObject({ accepted: 0, duplicates: 0, conflicts: 1, rejected: 0 });
      expect(again.body.results).toMatchObject([
        { index: 0, status: 'conflict', id: first.body.results[0].id, code: 'event_conflict' },
      ]);
      expect(await stored(key, own)).toMatchObject([{ metric_value: '12.5', metadata: '{"a":1}' }]);
      // Sent again, it is the same conflict and is recorded once.
      await send(own.key, { ...event, ...change });
      const conflicts = await queryD1(
        'HOT_0',
        'SELECT * FROM event_conflicts WHERE project_id = ?',
        own.project_id,
      );
      expect(conflicts).toHaveLength(1);
    },
  );
});

describe('a batch', () => {
  test('answers 207 where an event conflicts, verdicts in the order of the events', async () => {
    const [old, other] = [eventOf(), eventOf()];
    await send(tenant.key, [old, other]);
    const answer = await send(tenant.key, [eventOf(), old, { ...other, metric_value: '1' }, eventOf()]);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 2, duplicates: 1, conflicts: 1, rejected: 0 });
    expect(statuses(answer)).toEqual(['accepted', 'duplicate', 'conflict', 'accepted']);
    expect(answer.body.results.map((result: Json) => result.index)).toEqual([0, 1, 2, 3]);
  });

  test('of one is a batch: its conflict is a 207', async () => {
    const event = eventOf();
    await send(tenant.key, event);
    const changed = { ...event, unit: 'x' };
    for (const body of [[changed], { events: [changed] }]) {
      expect(await send(tenant.key, body)).toMatchObject({ status: 207, body: { conflicts: 1 } });
    }
  });

  test('may hold an event twice: the second is a duplicate or a conflict of the first', async () => {
    const event = eventOf();
    const answer = await send(tenant.key, [event, event, { ...event, unit: 'x' }]);
    expect(statuses(answer)).toEqual(['accepted', 'duplicate', 'conflict']);
    expect(new Set(answer.body.results.map((result: Json) => result.id)).size).toBe(1);
    expect(await stored(event['idempotency_key'] as string)).toHaveLength(1);
  });

  test('with any fault is refused whole, with a pointer for each, and nothing stored', async () => {
    const good = eventOf();
    const bad = { metric_value: 'x', unit: 1, metric_name: '', extra: 1 };
    const expected = ['metric_name', 'metric_value', 'unit', 'idempotency_key', 'extra'];
    for (const [body, prefix] of [
      [[good, bad], '/1'],
      [{ events: [good, bad] }, '/events/1'],
      [bad, ''],
    ] as const) {
      const answer = await send(tenant.key, body);
      expect(problemOf(answer, 422).pointers).toEqual(expected.map((field) => `${prefix}/${field}`));
    }
    const lines = await sendRaw(tenant.key, 'application/x-ndjson', `${JSON.stringify(good)}\n{"a":\n`);
    expect(problemOf(lines, 422).pointers).toEqual(['/1']);
    expect(await stored(good['idempotency_key'] as string)).toEqual([]);
  });

  test('handled leniently keeps the valid ones and answers 207; without a fault 202', async () => {
    const [first, last] = [eventOf(), eventOf()];
    const answer = await send(tenant.key, [first, { ...last, unit: 1 }, 'x', last], LENIENT);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 2, duplicates: 0, conflicts: 0, rejected: 2 });
    expect(statuses(answer)).toEqual(['accepted', 'rejected', 'rejected', 'accepted']);
    expect(answer.body.results[1]).toMatchObject({ index: 1, id: null, code: 'wrong_type' });
    expect((await send(tenant.key, [eventOf()], LENIENT)).status).toBe(202);
    const nothingGood = await send(tenant.key, { unit: 1 }, { prefer: 'return=minimal, handling="lenient"' });
    expect(nothingGood).toMatchObject({ status: 207, body: { accepted: 0, rejected: 1 } });
  });
});

describe('the list of results', () => {
  const many = (count: number) => Array.from({ length: count }, () => eventOf());

  test('holds every event up to 100, past that only those that were not accepted', async () => {
    expect((await send(tenant.key, many(100))).body.results).toHaveLength(100);
    const events = many(101);
    const first = await send(tenant.key, events);
    expect(first.body).toMatchObject({ accepted: 101, results: [] });
    const [old = {}, clash = {}] = events;
    const mixed = [...many(99), old, { ...clash, unit: 'x' }];
    expect((await send(tenant.key, mixed)).body.results).toMatchObject([
      { index: 99, status: 'duplicate' },
      { index: 100, status: 'conflict' },
    ]);
  });

  test('holds every event where the request prefers it', async () => {
    const answer = await send(tenant.key, many(101), { prefer: 'return=representation' });
    expect(answer.body.results).toHaveLength(101);
    const both = { prefer: 'return=representation; x=1, handling=lenient' };
    expect((await send(tenant.key, [...many(101), {}], both)).body.results).toHaveLength(102);
  });
});

test('metrics without a price are named once each, priced ones not', async () => {
  const own = await world.tenant();
  const price = (fields: Record<string, unknown>) =>
    world.post('/v1/admin/pricing-plans', {
      organisation_id: own.organisation_id,
      unit: 'token',
      currency: 'USD',
      charge_model: 'per_unit',
      price_per_unit: '1',
      effective_from: '2020-01-01',
      ...fields,
    });
  await price({ metric_name: 'priced' });
  const events = ['priced', 'free.a', 'free.b', 'free.a'].map((metric_name) => eventOf({ metric_name }));
  expect((await send(own.key, events)).body.unpriced_metrics).toEqual(['free.a', 'free.b']);
  const otherUnit = await send(own.key, eventOf({ metric_name: 'priced', unit: 'call' }));
  expect(otherUnit.body.unpriced_metrics).toEqual(['priced']);
});

describe('keys of events', () => {
  test('belong to their project: another one may use the same', async () => {
    const other = await world.tenant();
    const event = eventOf();
    const answers = [await send(tenant.key, event), await send(other.key, { ...event, metric_value: '9' })];
    expect(answers.map(({ body }) => body.accepted)).toEqual([1, 1]);
  });

  test('of one request sent 20 times at once: one is accepted, 19 are its duplicates', async () => {
    const event = eventOf();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(tenant.key, event)));
    const sum = (name: string): number => answers.reduce((total, { body }) => total + body[name], 0);
    expect([sum('accepted'), sum('duplicates'), sum('conflicts')]).toEqual([1, 19, 0]);
    expect(new Set(answers.map(({ body }) => body.results[0].id)).size).toBe(1);
    expect(await stored(event['idempotency_key'] as string)).toHaveLength(1);
  });

  test('that overlap in batches at once: each is accepted once, whichever came first', async () => {
    const events = Array.from({ length: 40 }, () => eventOf());
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        send(tenant.key, [...events.slice(index * 4), ...events.slice(0, index * 4)]),
      ),
    );
    const accepted = answers.reduce((total, { body }) => total + body.accepted, 0);
    expect(accepted).toBe(40);
  });

  test('of different content at once: one wins, the others are conflicts', async () => {
    const event = eventOf();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => send(tenant.key, { ...event, metric_value: `${index}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...new Array(7).fill(409)]);
  });
});
