/** Exchange rates over HTTP, in a separate runtime: rates are global, so an imported file would affect every suite. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectLedger } from '../../../src/platform/local/stores/ledger.ts';
import { randomUUID } from '../../setup/seeded.ts';
import {
  type Json,
  type OwnRuntime,
  type Reply,
  SCENARIO_ADMIN_KEY,
  startOwnRuntime,
  type Tenant,
} from '../../setup/world.ts';
import { dayAt, histOf } from './fx.ts';

const RATES = '/v1/admin/exchange-rates';
const PLANS = '/v1/admin/pricing-plans';

let world: OwnRuntime;
let owner: pg.Client;
beforeAll(async () => {
  world = await startOwnRuntime();
  owner = await connectLedger(world.runtime.ownerDatabaseUrl);
});
afterAll(async () => {
  await owner.end();
  await world.stop();
});

const create = (fields: Record<string, unknown>): Promise<Reply<Json>> =>
  world.post(RATES, {
    base_currency: 'EUR',
    target_currency: 'USD',
    rate: '1.1',
    effective_from: '2026-01-01T00:00:00Z',
    ...fields,
  });
const countOf = async (base: string, target: string): Promise<number> => {
  const { body } = await world.get(`${RATES}?base_currency=${base}&target_currency=${target}`);
  return body.data.length;
};
const auditOf = async (action: string): Promise<Json[]> =>
  (
    await owner.query(
      'SELECT organisation_id, entity_id, changes FROM audit_logs WHERE action = $1 ORDER BY seq',
      [action],
    )
  ).rows;

async function importFile(body: string, type = 'text/csv'): Promise<Reply<Json>> {
  const response = await fetch(new URL(`${RATES}/import`, world.runtime.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${SCENARIO_ADMIN_KEY}`, 'content-type': type },
    body,
  });
  return { status: response.status, body: await response.json() };
}

describe('a rate', () => {
  test('is kept as it was given, in canonical form, with an audit row on the chain of the platform', async () => {
    const fields = { target_currency: 'NOK', rate: '011.50', metadata: { ticket: 'FX-1' } };
    const { status, body } = await create({ ...fields, effective_to: '2026-02-01T12:00:00+01:00' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      base_currency: 'EUR',
      target_currency: 'NOK',
      rate: '11.5',
      effective_from: '2026-01-01T00:00:00.000Z',
      effective_to: '2026-02-01T11:00:00.000Z',
      source: 'manual',
      metadata: { ticket: 'FX-1' },
    });
    expect((await world.get(`${RATES}/${body.id}`)).body).toEqual(body);
    const rows = (await auditOf('exchange_rate.create')).filter((row) => row.entity_id === body.id);
    expect(rows).toEqual([
      {
        organisation_id: '00000000-0000-0000-0000-000000000000',
        entity_id: body.id,
        changes: expect.objectContaining({ rate: '11.5', base_currency: 'EUR', target_currency: 'NOK' }),
      },
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['zero', { rate: '0' }, '/rate'],
    ['negative', { rate: '-1' }, '/rate'],
    ['a number', { rate: 1.1 }, '/rate'],
    ['of eleven integer digits', { rate: '10000000000' }, '/rate'],
    ['of thirteen decimals', { rate: '1.0000000000001' }, '/rate'],
    ['from a currency that is none', { base_currency: 'XXX' }, '/base_currency'],
    ['to the same currency', { target_currency: 'EUR' }, '/target_currency'],
    ['that ends as it begins', { effective_to: '2026-01-01T00:00:00Z' }, '/effective_to'],
    ['from a moment that is none', { effective_from: '2026-02-30T00:00:00Z' }, '/effective_from'],
    ['from a day that is none', { effective_from: '2026-02-30' }, '/effective_from'],
    ['of another source', { source: 'ecb' }, '/source'],
    ['with metadata beyond all size', { metadata: { note: 'x'.repeat(4096) } }, '/metadata'],
    ['with metadata that Postgres cannot hold', { metadata: { note: '\0' } }, '/metadata'],
    ['with a field that is none', { inverse: true }, '/inverse'],
  ])('%s is refused, and nothing is stored', async (_, fields, pointer) => {
    const before = (await auditOf('exchange_rate.create')).length;
    const { status, body } = await create({ target_currency: 'SEK', ...fields });
    expect(status).toBe(422);
    expect(body.errors.map((fault: Json) => fault.pointer)).toEqual([pointer]);
    expect(await countOf('EUR', 'SEK')).toBe(0);
    expect(await auditOf('exchange_rate.create')).toHaveLength(before);
  });

  // Next to an existing rate for March 2026.
  test.each<[string, string, Record<string, unknown>, number]>([
    ['at the same time', 'AED', {}, 409],
    ['within', 'AFN', { effective_from: '2026-03-10T00:00:00Z', effective_to: '2026-03-11T00:00:00Z' }, 409],
    ['around', 'ALL', { effective_from: '2026-01-01T00:00:00Z', effective_to: null }, 409],
    ['into its last millisecond', 'AMD', { effective_from: '2026-03-31T23:59:59.999Z' }, 409],
    ['from its end on', 'AOA', { effective_from: '2026-04-01T00:00:00Z', effective_to: null }, 201],
    [
      'up to its start',
      'ARS',
      { effective_from: '2026-01-01T00:00:00Z', effective_to: '2026-03-01T00:00:00Z' },
      201,
    ],
    ['the other way round', 'AUD', { base_currency: 'AUD', target_currency: 'EUR' }, 201],
  ])('%s: %s', async (_, target_currency, fields, status) => {
    const march = { effective_from: '2026-03-01T00:00:00Z', effective_to: '2026-04-01T00:00:00Z' };
    expect((await create({ target_currency, ...march })).status).toBe(201);
    const before = (await auditOf('exchange_rate.create')).length;
    const answer = await create({ target_currency, ...march, ...fields });
    expect(answer.status).toBe(status);
    if (status === 409) expect(answer.body.code).toBe('rate_overlap');
    const added = status === 409 ? 0 : 1;
    expect(await auditOf('exchange_rate.create')).toHaveLength(before + added);
    const pairs = (await countOf('EUR', target_currency)) + (await countOf(target_currency, 'EUR'));
    expect(pairs).toBe(1 + added);
  });

  test('of eight sent at once one is made, the others are a 409', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => create({ target_currency: 'BAM', rate: `1.${index}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array(7).fill(409)]);
  });
});

describe('the end of a rate', () => {
  test('comes once, is not moved later, leaves the rate as it is and makes room', async () => {
    const { body } = await create({ target_currency: 'BBD' });
    const end = (effective_to: unknown) => world.patch(`${RATES}/${body.id}`, { effective_to });
    for (const wrong of ['2026-01-01T00:00:00Z', '2025-12-31T00:00:00Z', null, 'soon']) {
      expect((await end(wrong)).status).toBe(422);
    }
    const ended = await end('2026-06-01');
    expect(ended.body).toEqual({
      ...body,
      effective_to: '2026-06-01T00:00:00.000Z',
      updated_at: ended.body.updated_at,
    });
    expect((await end('2026-05-01T00:00:00Z')).status).toBe(200);
    expect((await end('2026-05-01T00:00:00.001Z')).status).toBe(422);
    const changed = await world.patch(`${RATES}/${body.id}`, { rate: '2' });
    expect(changed.status).toBe(422);
    expect(changed.body.errors[0]).toMatchObject({ pointer: '/rate', code: 'unknown_field' });
    expect((await create({ target_currency: 'BBD', effective_from: '2026-05-01' })).status).toBe(201);
    const rows = (await auditOf('exchange_rate.end')).filter((row) => row.entity_id === body.id);
    expect(rows.map((row) => row.changes)).toEqual([
      { effective_to: '2026-06-01T00:00:00.000Z' },
      { effective_to: '2026-05-01T00:00:00.000Z' },
    ]);
    expect(
      (await world.patch(`${RATES}/${randomUUID()}`, { effective_to: '2026-05-01T00:00:00Z' })).status,
    ).toBe(404);
  });
});

test('a list takes a pair, a source, and the moment at which one is in force', async () => {
  const march = { effective_from: '2026-03-01T00:00:00Z', effective_to: '2026-04-01T00:00:00Z' };
  const april = { effective_from: '2026-04-01T00:00:00Z', source: 'razorpay' };
  const ids: string[] = [];
  for (const fields of [march, april])
    ids.push((await create({ target_currency: 'BDT', ...fields })).body.id);
  const list = async (query: string): Promise<string[]> => {
    const { body } = await world.get(`${RATES}?target_currency=BDT${query}`);
    return body.data.map((row: Json) => row.id);
  };
  expect(await list('')).toEqual(ids);
  expect(await list('&source=razorpay')).toEqual([ids[1]]);
  expect(await list('&at=2026-02-28T23:59:59.999Z')).toEqual([]);
  expect(await list('&at=2026-03-01')).toEqual([ids[0]]);
  expect(await list('&at=2026-03-31T23:59:59.999Z')).toEqual([ids[0]]);
  expect(await list('&at=2026-04-01')).toEqual([ids[1]]);
  expect(await list('&at=2126-04-01')).toEqual([ids[1]]);
  expect(await list('&base_currency=USD')).toEqual([]);
});

describe('a file of the ECB', () => {
  test('of 300 days and 30 currencies is imported', async () => {
    const codes =
      'BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB FJD FKP GBP GEL GHS';
    const rows = Array.from({ length: 300 }, (_, day) => {
      const rates = codes.split(' ').map((_, column) => `${column + 1}.${1000 + day}`);
      return [dayAt('2025-01-01', day), ...rates] as const;
    });
    const file = histOf(codes.split(' '), rows);
    const { status, body } = await importFile(file);
    expect([status, body]).toEqual([
      200,
      {
        imported: 9000,
        unchanged: 0,
        skipped: ['BGN'],
        first_day: '2025-01-01',
        last_day: dayAt('2025-01-01', 299),
      },
    ]);
    expect((await importFile(file)).body).toMatchObject({ imported: 0, unchanged: 9000 });
  });

  test.each(['text/plain; charset=utf-8', 'application/csv'])('is taken as %s', async (type) => {
    const { status, body } = await importFile('Date,GYD\n2026-11-20,1\n', type);
    expect([status, body.imported + body.unchanged]).toEqual([200, 1]);
  });

  test.each<[string, string, string, number]>([
    ['as JSON', '{}', 'application/json', 415],
    ['beyond 5 MiB', `Date,USD\n${'\n'.repeat(5 * 1024 * 1024)}`, 'text/csv', 413],
    ['with a malformed line', 'Date,GIP\n2026-11-20,1\n2026-11-19,x\n', 'text/csv; charset=utf-8', 422],
  ])('%s is refused, and nothing is stored', async (_, body, type, status) => {
    const answer = await importFile(body, type);
    expect(answer.status).toBe(status);
    if (status === 422) expect(answer.body.errors).toMatchObject([{ pointer: '/lines/3' }]);
    expect(await countOf('EUR', 'GIP')).toBe(0);
  });
});

describe('a plan whose prices are given in another currency', () => {
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await world.tenant();
    const november = { target_currency: 'HKD', rate: '8.4567' };
    await create({
      ...november,
      effective_from: '2026-11-01T00:00:00Z',
      effective_to: '2026-11-20T00:00:00Z',
    });
    await create({ target_currency: 'HKD', rate: '9', effective_from: '2026-11-20T00:00:00Z' });
  });
  const price = (fields: Record<string, unknown>): Promise<Reply<Json>> =>
    world.post(PLANS, {
      organisation_id: tenant.organisation_id,
      metric_name: randomUUID(),
      unit: 'token',
      currency: 'HKD',
      charge_model: 'per_unit',
      price_per_unit: '0.000002',
      effective_from: '2026-01-01',
      ...fields,
    });

  test('keeps them converted, with the rate and the day; the audit row has them as they were given', async () => {
    const fields = { original_currency: 'EUR', conversion_date: '2026-11-19', minimum_amount: '10' };
    const { status, body } = await price(fields);
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject({
      currency: 'HKD',
      price_per_unit: '0.0000169134',
      minimum_amount: '84.567',
      original_currency: 'EUR',
      exchange_rate: '8.4567',
      conversion_date: '2026-11-19',
    });
    expect((await world.get(`${PLANS}/${body.id}`)).body).toEqual(body);
    const [row] = (await auditOf('pricing_plan.create')).filter((each) => each.entity_id === body.id);
    expect(row.changes).toMatchObject({
      price_per_unit: '0.000002',
      minimum_amount: '10',
      original_currency: 'EUR',
      exchange_rate: '8.4567',
      conversion_date: '2026-11-19',
    });
  });

  test('takes the rate at the first instant of the day, UTC, and today without one', async () => {
    const graduated = {
      charge_model: 'graduated',
      price_per_unit: null,
      tiers: [{ up_to: null, price_per_unit: '1', flat_fee: '2' }],
    };
    const at = await price({ original_currency: 'EUR', conversion_date: '2026-11-20', ...graduated });
    expect(at.body.tiers).toEqual([{ up_to: null, price_per_unit: '9', flat_fee: '18' }]);
    await create({
      base_currency: 'XPF',
      target_currency: 'HKD',
      rate: '2',
      effective_from: '2000-01-01T00:00:00Z',
    });
    const today = new Date().toISOString().slice(0, 10);
    const now = await price({ original_currency: 'XPF' });
    expect([today, new Date().toISOString().slice(0, 10)]).toContain(now.body.conversion_date);
    expect(now.body).toMatchObject({ price_per_unit: '0.000004', exchange_rate: '2' });
  });

  test('without one has none of the three', async () => {
    const { body } = await price({});
    expect(body).toMatchObject({ original_currency: null, exchange_rate: null, conversion_date: null });
    expect(body.price_per_unit).toBe('0.000002');
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    [
      'no rate on the day',
      { original_currency: 'EUR', conversion_date: '2026-10-31' },
      'exchange_rate_missing',
      '/original_currency',
    ],
    [
      'a rate only the other way round',
      { currency: 'EUR', original_currency: 'HKD' },
      'exchange_rate_missing',
      '/original_currency',
    ],
    [
      'a rate only over a third currency',
      { original_currency: 'USD' },
      'exchange_rate_missing',
      '/original_currency',
    ],
    ['the same currency', { original_currency: 'HKD' }, 'invalid_request', '/original_currency'],
    ['a day alone', { conversion_date: '2026-11-20' }, 'invalid_request', '/conversion_date'],
    [
      'a converted price with too many digits',
      { original_currency: 'EUR', conversion_date: '2026-11-20', price_per_unit: '9'.repeat(26) },
      'invalid_request',
      '/price_per_unit',
    ],
  ])('with %s is refused, and nothing is stored', async (_, fields, code, pointer) => {
    const before = (await auditOf('pricing_plan.create')).length;
    const metric_name = randomUUID();
    const { status, body } = await price({ metric_name, ...fields });
    expect([status, body.code, body.errors.map((fault: Json) => fault.pointer)]).toEqual([
      422,
      code,
      [pointer],
    ]);
    expect((await world.get(`${PLANS}?metric_name=${metric_name}`)).body.data).toEqual([]);
    expect(await auditOf('pricing_plan.create')).toHaveLength(before);
  });
});
