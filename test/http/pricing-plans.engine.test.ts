/** Versions of a price over HTTP: never two for one day, never changed, only ended. */
import { beforeAll, describe, expect, test } from 'vitest';
import { randomUUID } from '../setup/seeded.ts';
import type { Json, Tenant } from '../setup/world.ts';
import { ask, DAY_MS, eventOf, onceDrained, problemOf, send, world } from './wire.ts';

const PATH = '/v1/admin/pricing-plans';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const planOf = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  organisation_id: tenant.organisation_id,
  metric_name: 'tokens.input',
  unit: 'token',
  currency: 'USD',
  charge_model: 'per_unit',
  price_per_unit: '0.000002',
  effective_from: '2026-01-01',
  ...fields,
});
const create = (fields?: Record<string, unknown>) => ask(PATH, { json: planOf(fields) });
const end = (id: string, effective_to: string) =>
  ask(`${PATH}/${id}`, { method: 'PATCH', json: { effective_to } });

/** A metric that no other test prices. */
const newMetric = (): string => `metric ${randomUUID()}`;

describe('two versions of one price', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['on the same days', {}, 409],
    ['within', { effective_from: '2026-02-01', effective_to: '2026-02-02' }, 409],
    ['around', { effective_from: '2025-01-01', effective_to: '2027-01-01' }, 409],
    ['over its first day', { effective_from: '2025-01-01', effective_to: '2026-01-02' }, 409],
    ['from its last day', { effective_from: '2026-03-30' }, 409],
    ['open, from before', { effective_from: '2000-01-01' }, 409],
    [
      'of another model',
      { charge_model: 'volume', price_per_unit: null, tiers: [{ up_to: null, price_per_unit: '1' }] },
      409,
    ],
    ['up to its first day', { effective_from: '2025-01-01', effective_to: '2026-01-01' }, 201],
    ['from the day of its end', { effective_from: '2026-03-31' }, 201],
    ['of another unit', { unit: 'call' }, 201],
    ['in another currency', { currency: 'EUR' }, 201],
  ])('%s: %i', async (_, second, status) => {
    const metric_name = newMetric();
    const first = { metric_name, effective_to: '2026-03-31' };
    expect((await create(first)).status).toBe(201);
    const answer = await create({ ...first, effective_to: null, ...second });
    expect(answer.status).toBe(status);
    if (status === 409) expect(problemOf(answer, 409).code).toBe('plan_overlap');
    const { body } = await world.get(`${PATH}?metric_name=${encodeURIComponent(metric_name)}`);
    expect(body.data).toHaveLength(status === 409 ? 1 : 2);
  });

  test.each([
    ['of an organisation', {}],
    ['for everyone', { organisation_id: null }],
  ])('%s at once: one is made, the others are a 409', async (_, whose) => {
    const metric_name = newMetric();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create({ metric_name, ...whose })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array(7).fill(409)]);
  });

  test('one for everyone and one of an organisation stand side by side, and two organisations each have theirs', async () => {
    const metric_name = newMetric();
    const other = await world.tenant();
    const owners = [null, tenant.organisation_id, other.organisation_id];
    for (const organisation_id of owners)
      expect((await create({ metric_name, organisation_id })).status).toBe(201);
    const listed = await world.get(`${PATH}?metric_name=${encodeURIComponent(metric_name)}`);
    expect(listed.body.data.map((plan: Json) => plan.organisation_id)).toEqual(owners);
  });
});

describe('the end of a version', () => {
  test('comes once, is not moved later, and frees the days after it', async () => {
    const metric_name = newMetric();
    const { id } = (await create({ metric_name })).body;
    expect((await end(id, '2026-06-01')).body).toMatchObject({
      id,
      effective_to: '2026-06-01',
      price_per_unit: '0.000002',
    });
    expect((await end(id, '2026-05-01')).body.effective_to).toBe('2026-05-01');
    expect((await create({ metric_name, effective_from: '2026-05-01' })).status).toBe(201);
    for (const day of ['2026-05-02', '2026-01-01', '2025-12-31', '2026-02-30', '2026-5-1', '']) {
      expect(problemOf(await end(id, day), 422).pointers).toEqual(['/effective_to']);
    }
    problemOf(await end(randomUUID(), '2026-06-01'), 404);
  });

  test('lies after the last day that an issued invoice has priced', async () => {
    const own = await world.tenant();
    const at = new Date(Date.now() - 62 * DAY_MS);
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1];
    const { id } = (await create({ organisation_id: own.organisation_id, effective_from: '2020-01-01' }))
      .body;
    await send(own.key, eventOf({ timestamp: at.toISOString() }));
    await world.job('rollup');
    const draft = await world.post('/v1/admin/invoices', {
      organisation_id: own.organisation_id,
      year,
      month,
    });
    const issued = await onceDrained(() => world.post(`/v1/admin/invoices/${draft.body.id}/finalize`));
    expect(issued.status).toBe(200);
    const last = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
    const next = new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
    expect(problemOf(await end(id, last), 409).code).toBe('plan_in_use');
    expect((await end(id, next)).status).toBe(200);
  });
});

describe('amounts', () => {
  test.each<[string, unknown]>([
    ['price_per_unit', '99999999999999999999999999.999999999999'],
    ['price_per_unit', '0.000000000001'],
    ['price_per_unit', '0'],
  ])('%s of %s is kept to the last digit', async (field, value) => {
    const { body } = await create({ metric_name: newMetric(), [field]: value });
    expect(body[field]).toBe(value);
    expect((await world.get(`${PATH}/${body.id}`)).body).toEqual(body);
  });

  test('a percentage has a rate, and an amount for each event where it is given', async () => {
    const margin = { charge_model: 'percentage', price_per_unit: null, rate: '120.000000000001' };
    const own = { metric_name: newMetric(), unit: 'usd', ...margin, fixed_amount: '0.000000000001' };
    const { status, body } = await create(own);
    expect(status).toBe(201);
    expect(body).toMatchObject(own);
    expect((await world.get(`${PATH}/${body.id}`)).body).toEqual(body);
    const { body: bare } = await create({ metric_name: newMetric(), ...margin });
    expect(bare).toMatchObject({ rate: '120.000000000001', fixed_amount: null });
    const metric_name = newMetric();
    const wrong = { metric_name, ...margin, rate: '1000.1', fixed_amount: '-1', amount: '1' };
    expect(problemOf(await create(wrong), 422).pointers).toEqual(['/amount', '/fixed_amount', '/rate']);
    const { body: listed } = await world.get(`${PATH}?metric_name=${encodeURIComponent(metric_name)}`);
    expect(listed.data).toEqual([]);
  });

  test('of tiers come back as they were given, in their order', async () => {
    const tiers = [
      { up_to: '100', price_per_unit: '2', flat_fee: '10' },
      { up_to: '1000.5', price_per_unit: '0.000000000001' },
      { up_to: null, price_per_unit: '0' },
    ];
    const { body } = await create({
      metric_name: newMetric(),
      charge_model: 'graduated',
      price_per_unit: null,
      tiers,
    });
    expect(body.tiers).toEqual(tiers);
  });

  test('are texts: a number is refused for money, and taken for units of at most 15 digits', async () => {
    expect(problemOf(await create({ metric_name: newMetric(), price_per_unit: 2 }), 422).pointers).toEqual([
      '/price_per_unit',
    ]);
    const units = await create({ metric_name: newMetric(), included_units: 123456789012345 });
    expect(units.body.included_units).toBe('123456789012345');
    const body = JSON.stringify(planOf({ metric_name: newMetric(), included_units: 0 })).replace(
      '"included_units":0',
      '"included_units":1234567890123456',
    );
    const many = await ask(PATH, { body, headers: { 'content-type': 'application/json' } });
    expect(problemOf(many, 422).pointers).toEqual(['/included_units']);
  });
});
