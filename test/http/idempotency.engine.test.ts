/** Idempotency-Key over HTTP: which answers are repeated, which requests are refused, and which leave no trace. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashKey } from '../../src/access/key.ts';
import { fingerprintOf } from '../../src/access/stored-answers/key.ts';
import { addInvoice } from '../payments/invoices.ts';
import { adminKey, api, connectOwner } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Tenant } from '../setup/world.ts';
import { ask, problemOf, world } from './wire.ts';

const PATH = '/v1/admin/pricing-plans';

let owner: pg.Client;
let tenant: Tenant;
let actor: string;
beforeAll(async () => {
  owner = await connectOwner();
  tenant = await world.tenant();
  const { rows } = await owner.query('SELECT id FROM admin_api_keys WHERE key_hash = $1', [
    hashKey(adminKey),
  ]);
  actor = `admin_key:${rows[0].id}`;
});
afterAll(() => owner.end());

const planOf = (fields: Record<string, unknown> = {}) => ({
  organisation_id: tenant.organisation_id,
  metric_name: `metric ${randomUUID()}`,
  unit: 'unit',
  currency: 'USD',
  charge_model: 'per_unit',
  price_per_unit: '1',
  effective_from: '2026-01-01',
  ...fields,
});

const send = (key: string, json: unknown, headers: Record<string, string> = {}) =>
  api(PATH, { json, headers: { 'idempotency-key': key, ...headers } });

const countPlans = async (metric: string): Promise<number> => {
  const { rows } = await owner.query('SELECT count(*)::int AS n FROM pricing_plans WHERE metric_name = $1', [
    metric,
  ]);
  return rows[0].n;
};

const findKey = async (key: string) =>
  (await owner.query('SELECT * FROM idempotency_keys WHERE key = $1', [key])).rows[0];

describe('the same request with the same key', () => {
  test('is answered with the same status and the very same bytes, and makes nothing more', async () => {
    const [key, plan] = [randomUUID(), planOf()];
    const first = await send(key, plan);
    const text = await first.text();
    expect(first.status, text).toBe(201);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const again = await send(key, plan);
    expect([again.status, await again.text()]).toEqual([201, text]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(await countPlans(plan.metric_name)).toBe(1);
    const kept = await findKey(key);
    expect(kept).toMatchObject({ actor, status: 201, body: text, locked_until: null });
    expect(kept.fingerprint).toBe(
      fingerprintOf({ method: 'POST', path: PATH, body: plan, bytes: new Uint8Array() }),
    );
  });

  test('its members in another order, is still the same', async () => {
    const [key, plan] = [randomUUID(), planOf()];
    await send(key, plan);
    const again = await send(key, Object.fromEntries(Object.entries(plan).reverse()));
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
  });

  test('is refused again as it was, also when it would succeed by now', async () => {
    const [key, plan] = [randomUUID(), planOf({ effective_to: '2026-02-01' })];
    const taken = (await ask(PATH, { json: { ...plan, effective_to: '2026-03-01' } })).body;
    const first = await send(key, { ...plan, effective_from: '2026-02-15', effective_to: null });
    expect(first.status).toBe(409);
    await ask(`${PATH}/${taken.id}`, { method: 'PATCH', json: { effective_to: '2026-02-10' } });
    const again = await send(key, { ...plan, effective_from: '2026-02-15', effective_to: null });
    expect(again.status).toBe(409);
    expect(again.headers.get('content-type')).toBe('application/problem+json');
    expect(await again.text()).toBe(await first.text());
    expect(await countPlans(plan.metric_name)).toBe(1);
  });
});

test('what changes a state answers its repetition as it did, where one without the key is refused', async () => {
  const { organisation_id } = tenant;
  const invoice = await addInvoice(owner, { organisation_id, status: 'draft' });
  const cancel = (key?: string) =>
    ask(`/v1/admin/invoices/${invoice}/cancel`, {
      json: {},
      headers: key === undefined ? {} : { 'idempotency-key': key },
    });
  const key = randomUUID();
  const [first, again, other] = [await cancel(key), await cancel(key), await cancel()];
  expect(first.body).toMatchObject({ id: invoice, status: 'cancelled' });
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(problemOf(other, 409).code).toBe('invalid_state');
});

test('the same key with another body or path is a 422, and the first answer stays', async () => {
  const [key, plan] = [randomUUID(), planOf()];
  const first = await (await send(key, plan)).text();
  const headers = { 'idempotency-key': key };
  for (const [path, json] of [
    [PATH, { ...plan, price_per_unit: '2' }],
    ['/v1/admin/invoices', { organisation_id: tenant.organisation_id, year: 2026, month: 1 }],
  ] as const) {
    const other = await ask(path, { json, headers });
    expect(problemOf(other, 422).code).toBe('idempotency_key_reused');
  }
  expect(await (await send(key, plan)).text()).toBe(first);
  expect(await countPlans(plan.metric_name)).toBe(1);
});

test('a key of another caller is another key', async () => {
  const second = `mb_admin_second_${randomUUID()}`;
  await owner.query(
    `INSERT INTO admin_api_keys (id, user_id, key_hash, prefix, name)
     SELECT $1, id, $2, 'mb_admin_', 'Second' FROM admin_users LIMIT 1`,
    [randomUUID(), hashKey(second)],
  );
  const [key, plan] = [randomUUID(), planOf()];
  await send(key, plan);
  const other = await send(key, planOf(), { authorization: `Bearer ${second}` });
  expect([other.status, other.headers.get('idempotent-replayed')]).toEqual([201, null]);
});

test('while the first is at work a second is a 409 that says when to come again', async () => {
  const [key, plan] = [randomUUID(), planOf()];
  const fingerprint = fingerprintOf({ method: 'POST', path: PATH, body: plan, bytes: new Uint8Array() });
  await owner.query(
    `INSERT INTO idempotency_keys (actor, key, fingerprint, locked_until) VALUES ($1, $2, $3, now() + interval '60 s')`,
    [actor, key, fingerprint],
  );
  const answer = await ask(PATH, { json: plan, headers: { 'idempotency-key': key } });
  expect(problemOf(answer, 409).code).toBe('idempotency_key_in_flight');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await countPlans(plan.metric_name)).toBe(0);
  await owner.query(`UPDATE idempotency_keys SET locked_until = now() - interval '1 s' WHERE key = $1`, [
    key,
  ]);
  expect((await send(key, plan)).status).toBe(201);
  expect((await send(key, plan)).headers.get('idempotent-replayed')).toBe('true');
});

test('twenty at once make one plan', async () => {
  const [key, plan] = [randomUUID(), planOf()];
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(key, plan)));
  const made = answers.filter(({ status, headers }) => status === 201 && !headers.has('idempotent-replayed'));
  expect(made).toHaveLength(1);
  for (const answer of answers.filter((each) => !made.includes(each))) {
    if (answer.status === 201) expect(answer.headers.get('idempotent-replayed')).toBe('true');
    else
      expect(
        problemOf(
          { ...answer, headers: answer.headers, status: answer.status, body: await answer.json() },
          409,
        ).code,
      ).toBe('idempotency_key_in_flight');
  }
  expect(await countPlans(plan.metric_name)).toBe(1);
});

describe('nothing is kept of a request that did not come as far as its work', () => {
  test.each<[string, number, (key: string) => Promise<Response>]>([
    ['without a valid key', 401, (key) => send(key, planOf(), { authorization: 'Bearer x' })],
    ['not valid', 422, (key) => send(key, planOf({ currency: 'XXX' }))],
    ['of another media type', 415, (key) => send(key, planOf(), { 'content-type': 'text/plain' })],
    ['too large', 413, (key) => send(key, planOf({ unit: 'x'.repeat(1024 * 1024) }))],
  ])('%s: %i', async (_, status, call) => {
    const key = randomUUID();
    expect((await call(key)).status).toBe(status);
    expect(await findKey(key)).toBeUndefined();
    expect((await send(key, planOf())).status).toBe(201);
  });

  test('with a key that is none', async () => {
    for (const key of ['', 'a b', 'k'.repeat(256)]) {
      const answer = await ask(PATH, { json: planOf(), headers: { 'idempotency-key': key } });
      expect(problemOf(answer, 422).pointers).toEqual(['Idempotency-Key']);
    }
  });
});

test('without the header nothing is kept, and a repetition is a request of its own', async () => {
  const plan = planOf();
  expect((await ask(PATH, { json: plan })).status).toBe(201);
  expect((await ask(PATH, { json: plan })).status).toBe(409);
});
