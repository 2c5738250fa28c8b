/** A call is priced on arrival from the published price book, and the drain checks the cost. */
import { beforeAll, describe, expect, test } from 'vitest';
import { readHotText } from '../../../src/ai/call-content.ts';
import { ask, generationOf, world } from '../../http/wire.ts';
import { connectOwner, queryD1 } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Json, Tenant } from '../../setup/world.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const PRICES = '/v1/admin/ai/model-prices';

async function rowsOf(sql: string, ...values: unknown[]): Promise<Record<string, Json>[]> {
  const owner = await connectOwner();
  try {
    return (await owner.query({ text: sql, values })).rows;
  } finally {
    await owner.end();
  }
}

/** A model that no other test calls, because the edge caches the prices of a model for a while. */
const newModel = (): string => `edge ${randomUUID()}`;

async function enter(model: string, fields: Record<string, unknown> = {}): Promise<Json> {
  const { status, body } = await world.post(PRICES, {
    provider: 'acme',
    model,
    token_kind: 'input',
    price_per_million: '3',
    effective_from: '2026-01-01T00:00:00Z',
    ...fields,
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

const callOf = (model: string, fields: Record<string, unknown> = {}) =>
  generationOf({ provider: 'acme', model, tokens: { input: 1_000_000, output: 0 }, ...fields });

const record = (call: unknown, of: Tenant = tenant) => ask('/v1/ai/generations', { key: of.key, json: call });

/** The cost that the edge computed, as stored in the hot store. */
async function pricedInHot(id: string): Promise<Json> {
  const [row] = await queryD1<{ generation: string }>(
    'HOT_0',
    'SELECT generation FROM usage_events WHERE id = ?',
    id,
  );
  return readHotText(row?.generation ?? '')?.['priced'] ?? null;
}

async function drained(id: string): Promise<Json> {
  await world.job('rollup');
  const [row] = await rowsOf(
    'SELECT trim_scale(cost_usd)::text AS cost, cost_source, price_ids FROM ai_generations WHERE id = $1',
    id,
  );
  return row;
}

const published = (model: string) =>
  queryD1<{ version: number; prices: string; organisation_id: string }>(
    'DIRECTORY',
    'SELECT organisation_id, version, prices FROM published_prices WHERE model = ? ORDER BY 1',
    model,
  );

describe('a call whose sender did not say the cost', () => {
  test('is priced before its answer, keeps its prices in the ledger, and is no unpriced metric where a plan is there', async () => {
    const model = newModel();
    const price = await enter(model);
    await world.post('/v1/admin/pricing-plans', {
      organisation_id: tenant.organisation_id,
      metric_name: 'ai.calls',
      unit: 'call',
      currency: 'USD',
      charge_model: 'per_unit',
      price_per_unit: '1',
      effective_from: '2020-01-01',
    });
    const { body } = await record(callOf(model));
    const { id } = body.results[0];
    expect(body.unpriced_metrics.sort()).toEqual(['ai.cost_usd', 'ai.input_tokens']);
    expect(await pricedInHot(id)).toEqual({ cost_usd: '3', price_ids: [price.id] });
    expect(await drained(id)).toEqual({ cost: '3', cost_source: 'priced', price_ids: [price.id] });
  });

  test('is a duplicate of itself also where it came before its price, and fills as ever', async () => {
    const model = newModel();
    const call = callOf(model);
    expect((await record(call)).body).toMatchObject({ accepted: 1 });
    await enter(model);
    expect((await record(call)).body).toMatchObject({ duplicates: 1, conflicts: 0 });
    const byResponse = { model: newModel(), response_id: randomUUID() };
    await enter(byResponse.model);
    const first = await record(callOf(byResponse.model, byResponse));
    const again = callOf(byResponse.model, { ...byResponse, sku: 'later' });
    expect((await record(again)).body).toMatchObject({ duplicates: 1 });
    await world.job('rollup');
    const found = await rowsOf('SELECT sku FROM ai_generations WHERE id = $1', first.body.results[0].id);
    expect(found).toEqual([{ sku: 'later' }]);
  });

  test('has the price of its own organisation, and of its instant', async () => {
    const model = newModel();
    const early = await enter(model, { effective_to: '2026-03-01T00:00:00Z' });
    await enter(model, { effective_from: '2026-03-01T00:00:00Z', price_per_million: '4' });
    const other = await world.tenant();
    const own = await enter(model, { organisation_id: other.organisation_id, price_per_million: '1' });
    const at = (occurred_at: string) => callOf(model, { occurred_at });
    const ids = (await record([at('2026-02-28T23:59:59.999Z'), at('2026-03-01T00:00:00Z')])).body.results;
    const theirs = (await record(at('2026-03-01T00:00:00Z'), other)).body.results;
    expect(await pricedInHot(ids[0].id)).toEqual({ cost_usd: '3', price_ids: [early.id] });
    expect(await pricedInHot(ids[1].id)).toMatchObject({ cost_usd: '4' });
    expect(await pricedInHot(theirs[0].id)).toEqual({ cost_usd: '1', price_ids: [own.id] });
  });

  test('of a model without a price, or with a cost that was said, has none from the edge', async () => {
    const model = newModel();
    const unknown = (await record(callOf(model))).body.results[0].id;
    expect(await pricedInHot(unknown)).toBeNull();
    expect(await drained(unknown)).toEqual({ cost: null, cost_source: 'unpriced', price_ids: null });
    const known = newModel();
    await enter(known);
    const said = (await record(callOf(known, { cost_usd: '7' }))).body.results[0].id;
    expect(await pricedInHot(said)).toBeNull();
    expect(await drained(said)).toEqual({ cost: '7', cost_source: 'reported', price_ids: null });
  });
});

describe('the drain', () => {
  test('keeps what the edge found, whatever is entered and ended between receipt and drain', async () => {
    const model = newModel();
    const price = await enter(model);
    const { id } = (await record(callOf(model))).body.results[0];
    await enter(model, { organisation_id: tenant.organisation_id, price_per_million: '9' });
    await world.patch(`${PRICES}/${price.id}`, { effective_to: '2026-01-02T00:00:00Z' });
    expect(await drained(id)).toEqual({ cost: '3', cost_source: 'priced', price_ids: [price.id] });
  });
});

describe('publishing', () => {
  test('comes with the answer, each change with a higher version; an own price stands apart', async () => {
    const model = newModel();
    const price = await enter(model);
    expect(await published(model)).toMatchObject([{ organisation_id: '*', version: 1 }]);
    await world.patch(`${PRICES}/${price.id}`, { effective_to: '2026-02-01T00:00:00Z' });
    await enter(model, { organisation_id: tenant.organisation_id });
    const rows = await published(model);
    expect(rows).toMatchObject([
      { organisation_id: '*', version: 2 },
      { organisation_id: tenant.organisation_id, version: 1 },
    ]);
    expect(JSON.parse(rows[0]?.prices ?? '')).toEqual([
      [
        price.id,
        'input',
        '3',
        'standard',
        0,
        Date.parse('2026-01-01T00:00:00Z'),
        Date.parse('2026-02-01T00:00:00Z'),
      ],
    ]);
  });

  test('20 prices entered at once leave the edge with all of them', async () => {
    const model = newModel();
    const months = Array.from({ length: 20 }, (_, index) => index);
    await Promise.all(
      months.map((month) =>
        enter(model, {
          effective_from: new Date(Date.UTC(2020, month, 1)).toISOString(),
          effective_to: new Date(Date.UTC(2020, month + 1, 1)).toISOString(),
        }),
      ),
    );
    const [row] = await published(model);
    expect(row?.version).toBe(20);
    expect(JSON.parse(row?.prices ?? '')).toHaveLength(20);
  });
});
