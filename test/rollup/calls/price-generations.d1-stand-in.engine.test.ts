/** Calls whose sender reports no cost are priced in the drain, at the time of each call, and keep that cost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CreateModelPriceInput, createModelPrice } from '../../../src/ai/prices/create-model-price.ts';
import { endModelPrice } from '../../../src/ai/prices/end-model-price.ts';
import { listModelPrices, listUnpriced } from '../../../src/ai/prices/store.ts';
import type { PageInput } from '../../../src/core/page.ts';
import { PLATFORM, tenant } from '../../../src/db/ledger.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { type GenerationContent, sendGenerations } from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('prices');
}, 60_000);
afterAll(() => suite?.close());

const NOW = '2026-11-21T00:00:00Z';
const DAY = '2026-09-10T10:00:00Z';
const FROM = Date.parse('2026-01-01T00:00:00Z');
const PAGE: PageInput = { limit: 100, after: null };
const CHAIN_OF_ALL = '00000000-0000-0000-0000-000000000000';

async function rowsOf(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (await suite.owner.query({ text: sql, values })).rows;
}

const enter = (fields: Partial<CreateModelPriceInput>) =>
  createModelPrice(suite.ctx(NOW), {
    provider: 'acme',
    model: 'acme-1',
    token_kind: 'input',
    price_per_million: '3',
    effective_from: FROM,
    ...fields,
  });

let keys = 0;
/** Sends a call, drains it, and returns its row in the books. */
async function drained(
  organisation: { organisation_id: string; projects: string[] },
  content: GenerationContent,
  timestamp = DAY,
): Promise<Record<string, unknown>> {
  const [project_id = ''] = organisation.projects;
  const idempotency_key = `call ${keys++}`;
  const [id] = sendGenerations(suite, organisation.organisation_id, [
    { project_id, timestamp, content: { idempotency_key, ...content } },
  ]);
  await suite.drain();
  const [row] = await rowsOf(
    `SELECT trim_scale(cost_usd)::text AS cost, cost_source, price_ids FROM ai_generations WHERE id = $1`,
    id,
  );
  if (!row) throw new Error('the call was not drained');
  return row;
}

const UNPRICED = { cost: null, cost_source: 'unpriced', price_ids: null };

describe('a call without a cost', () => {
  test('costs what the seeded book says, in its row, its usage and its statistics, and names its prices', async () => {
    const organisation = await suite.addOrganisation();
    const { organisation_id } = organisation;
    const tokens = { input: '740', output: '255', cache_read: '2000', cache_write_5m: '2000' };
    const row = await drained(organisation, { model: 'claude-sonnet-4-5', tokens });
    expect(row).toMatchObject({ cost: '0.014145', cost_source: 'priced' });
    const prices = await rowsOf(
      'SELECT token_kind, price_per_million::text AS price, source, source_version FROM model_prices WHERE id = ANY ($1) ORDER BY 1',
      row['price_ids'],
    );
    const seeded = { source: 'genai-prices', source_version: '0.1.8' };
    expect(prices).toEqual([
      { token_kind: 'cache_read', price: '0.3', ...seeded },
      { token_kind: 'cache_write_5m', price: '3.75', ...seeded },
      { token_kind: 'input', price: '3', ...seeded },
      { token_kind: 'output', price: '15', ...seeded },
    ]);
    const usage = `SELECT trim_scale(total_value)::text AS total, event_count::int AS n FROM usage_daily
      WHERE organisation_id = $1 AND metric_name = 'ai.cost_usd'`;
    expect(await rowsOf(usage, organisation_id)).toEqual([{ total: '0.014145', n: 1 }]);
    const statistics = `SELECT trim_scale(cost_usd)::text AS cost FROM ai_statistics_daily WHERE organisation_id = $1`;
    expect(await rowsOf(statistics, organisation_id)).toEqual([{ cost: '0.014145' }]);
    expect(await verifyBooks(suite.ctx(NOW), { since: null })).toEqual([]);
  });

  test('keeps its cost and its prices when they end later, and the next call has the new ones', async () => {
    const organisation = await suite.addOrganisation();
    const first = await enter({ model: 'dated', price_per_million: '1' });
    const call = { provider: 'acme', model: 'dated', tokens: { input: '1000000', output: '0' } };
    const before = await drained(organisation, call);
    expect(before).toEqual({ cost: '1', cost_source: 'priced', price_ids: [first.id] });
    const change = Date.parse('2026-10-01T00:00:00Z');
    await endModelPrice(suite.ctx(NOW), { id: first.id, effective_to: change });
    const second = await enter({ model: 'dated', price_per_million: '2', effective_from: change });
    const lastMoment = await drained(organisation, call, '2026-09-30T23:59:59.999Z');
    expect(lastMoment).toMatchObject({ cost: '1', price_ids: [first.id] });
    const firstMoment = await drained(organisation, call, '2026-10-01T00:00:00Z');
    expect(firstMoment).toMatchObject({ cost: '2', price_ids: [second.id] });
    const all = `SELECT trim_scale(sum(cost_usd))::text AS cost FROM ai_generations WHERE organisation_id = $1`;
    expect(await rowsOf(all, organisation.organisation_id)).toEqual([{ cost: '4' }]);
  });

  test('of a long prompt is priced by its step, in one batch with a short one', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const calls = ['200000', '200001'].map((input) => ({
      project_id,
      timestamp: DAY,
      content: { idempotency_key: input, model: 'claude-sonnet-4-5', tokens: { input, output: '0' } },
    }));
    sendGenerations(suite, organisation_id, calls);
    await suite.drain();
    const found = await rowsOf(
      'SELECT trim_scale(cost_usd)::text AS cost FROM ai_generations WHERE organisation_id = $1 ORDER BY input_tokens',
      organisation_id,
    );
    expect(found).toEqual([{ cost: '0.6' }, { cost: '1.200006' }]);
  });

  test("is priced by its organisation's own price, which is no other's", async () => {
    const [ours, theirs] = [await suite.addOrganisation(), await suite.addOrganisation()];
    await enter({ model: 'shared', price_per_million: '3' });
    const own = await enter({
      model: 'shared',
      price_per_million: '1',
      organisation_id: ours.organisation_id,
    });
    const call = { provider: 'acme', model: 'shared', tokens: { input: '1000000', output: '0' } };
    expect(await drained(ours, call)).toMatchObject({ cost: '1', price_ids: [own.id] });
    expect(await drained(theirs, call)).toMatchObject({ cost: '3' });
  });

  test.each<[string, GenerationContent, Record<string, unknown>]>([
    [
      'of a model that nobody knows',
      { model: 'claude-sonnet-4-5-mega', tokens: { input: '1', output: '1' } },
      UNPRICED,
    ],
    ['of a service tier that has no price', { model: 'claude-sonnet-4-5', service_tier: 'batch' }, UNPRICED],
    [
      'of a kind of tokens that has no price',
      { provider: 'openai', model: 'gpt-4o', tokens: { input: '1', output: '1', cache_write_1h: '1' } },
      UNPRICED,
    ],
    [
      'that failed with tokens is billed as the vendor bills it',
      { model: 'claude-sonnet-4-5', status: 'failed', tokens: { input: '1000', output: '0' } },
      { cost: '0.003', cost_source: 'priced' },
    ],
    [
      'that failed without tokens costs nothing',
      { model: 'claude-sonnet-4-5', status: 'failed', tokens: { input: '0', output: '0' } },
      { cost: '0', cost_source: 'priced', price_ids: [] },
    ],
    [
      'that failed without tokens, of a model that nobody knows',
      { model: 'x', status: 'failed', tokens: { input: '0', output: '0' } },
      UNPRICED,
    ],
    [
      'whose sender says the cost keeps that',
      { model: 'claude-sonnet-4-5', cost_usd: '7' },
      { cost: '7', cost_source: 'reported', price_ids: null },
    ],
    [
      'from the same vendor by another name',
      { provider: 'gcp.vertex_ai', model: 'gemini-2.5-flash', tokens: { input: '1000000', output: '0' } },
      { cost: '0.3', cost_source: 'priced' },
    ],
  ])('%s', async (_, content, expected) => {
    expect(await drained(await suite.addOrganisation(), content)).toMatchObject(expected);
  });
});

test("a call that has no price costs its organisation's ceiling, if there is one, and is listed all the same", async () => {
  const organisation = await suite.addOrganisation();
  const { organisation_id } = organisation;
  await suite.owner.query('UPDATE organisations SET ai_ceiling_price_per_million = 20 WHERE id = $1', [
    organisation_id,
  ]);
  const tokens = { input: '1000', output: '200' };
  const unknown = { provider: 'acme', model: 'capped', tokens };
  expect(await drained(organisation, unknown)).toEqual({
    cost: '0.024',
    cost_source: 'ceiling',
    price_ids: null,
  });
  expect(await drained(organisation, { ...unknown, tokens: { input: '0', output: '0' } })).toEqual(UNPRICED);
  expect(await drained(organisation, { model: 'claude-sonnet-4-5', tokens })).toMatchObject({
    cost: '0.006',
  });
  const { data } = await suite
    .ctx(NOW)
    .ledger.transaction(tenant(organisation_id), (tx) => listUnpriced(tx, { organisation_id }, PAGE));
  expect(data).toMatchObject([{ model: 'capped', calls: 2, tokens: '1200', ceiling_cost_usd: '0.024' }]);
  const usage = `SELECT trim_scale(sum(total_value))::text AS total FROM usage_daily
    WHERE organisation_id = $1 AND metric_name = 'ai.cost_usd'`;
  expect(await rowsOf(usage, organisation_id)).toEqual([{ total: '0.03' }]);
  expect(await verifyBooks(suite.ctx(NOW), { since: null })).toEqual([]);
});

describe('the list of what has no price', () => {
  test('has each model and tier once, with its calls, tokens and moments, of one organisation or of all', async () => {
    const [ours, theirs] = [await suite.addOrganisation(), await suite.addOrganisation()];
    const call = { provider: 'acme', model: 'new', tokens: { input: '10', output: '1', cache_read: '5' } };
    await drained(ours, call, '2026-09-10T10:00:00Z');
    await drained(ours, call, '2026-09-12T10:00:00Z');
    await drained(ours, { ...call, service_tier: 'flex' });
    await drained(ours, { ...call, cost_usd: '1' });
    await drained(theirs, call);
    const { organisation_id } = ours;
    const { data } = await suite
      .ctx(NOW)
      .ledger.transaction(tenant(organisation_id), (tx) => listUnpriced(tx, { organisation_id }, PAGE));
    const group = { organisation_id, provider: 'acme', model: 'new' };
    expect(data).toEqual([
      {
        ...group,
        service_tier: 'flex',
        calls: 1,
        tokens: '16',
        ceiling_cost_usd: '0',
        first_seen: '2026-09-10T10:00:00.000Z',
        last_seen: '2026-09-10T10:00:00.000Z',
      },
      {
        ...group,
        service_tier: null,
        calls: 2,
        tokens: '32',
        ceiling_cost_usd: '0',
        first_seen: '2026-09-10T10:00:00.000Z',
        last_seen: '2026-09-12T10:00:00.000Z',
      },
    ]);
    const all = await suite.ctx(NOW).ledger.transaction(PLATFORM, (tx) => listUnpriced(tx, {}, PAGE));
    const owners = new Set(all.data.map((row) => row.organisation_id));
    expect(owners.has(organisation_id) && owners.has(theirs.organisation_id)).toBe(true);
    const seen: unknown[] = [];
    for (let after: string | null = null; ; ) {
      const page = await suite
        .ctx(NOW)
        .ledger.transaction(PLATFORM, (tx) => listUnpriced(tx, {}, { limit: 1, after }));
      seen.push(...page.data);
      after = page.nextAfter;
      if (after === null) break;
    }
    expect(seen).toEqual(all.data);
  });
});

describe('an audit row tells of a price', () => {
  const auditOf = (id: string) =>
    rowsOf('SELECT organisation_id, action FROM audit_logs WHERE entity_id = $1 ORDER BY seq', id);

  test("on everyone's chain where it is everyone's, else on the organisation's own", async () => {
    const { organisation_id } = await suite.addOrganisation();
    const all = await enter({ model: 'audited' });
    await endModelPrice(suite.ctx(NOW), { id: all.id, effective_to: FROM + 1 });
    expect(await auditOf(all.id)).toEqual([
      { organisation_id: CHAIN_OF_ALL, action: 'model_price.create' },
      { organisation_id: CHAIN_OF_ALL, action: 'model_price.end' },
    ]);
    const own = await enter({ model: 'audited', organisation_id });
    expect(await auditOf(own.id)).toEqual([{ organisation_id, action: 'model_price.create' }]);
  });

  test('and none where it was refused', async () => {
    await enter({ model: 'refused' });
    const count = 'SELECT count(*)::int AS n FROM audit_logs';
    const before = await rowsOf(count);
    await expect(enter({ model: 'refused' })).rejects.toMatchObject({ code: 'rate_overlap' });
    await expect(enter({ model: 'refused', price_per_million: '0.0000001' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(await rowsOf(count)).toEqual(before);
    const stored = `SELECT count(*)::int AS n FROM model_prices WHERE model = 'refused'`;
    expect(await rowsOf(stored)).toEqual([{ n: 1 }]);
  });
});

test("a tenant sees everyone's prices and its own, and writes only its own", async () => {
  const [ours, theirs] = [await suite.addOrganisation(), await suite.addOrganisation()];
  await enter({ model: 'seen' });
  const own = await enter({ model: 'seen', organisation_id: ours.organisation_id });
  await enter({ model: 'seen', organisation_id: theirs.organisation_id });
  const { ledger } = suite.ctx(NOW);
  const { data } = await ledger.transaction(tenant(ours.organisation_id), (tx) =>
    listModelPrices(tx, { model: 'seen' }, PAGE),
  );
  expect(new Set(data.map((row) => row.organisation_id))).toEqual(new Set([null, own.organisation_id]));
  expect(data).toHaveLength(2);
  const end = ledger.transaction(tenant(ours.organisation_id), (tx) =>
    tx.execute(
      `UPDATE model_prices SET effective_to = now() WHERE model = 'seen' AND organisation_id IS NULL`,
    ),
  );
  await expect(end).rejects.toThrow();
});

test('a price, once written, changes for nobody: only its end does', async () => {
  const { id } = await enter({ model: 'fixed' });
  for (const change of [
    `price_per_million = 1`,
    `model = 'x'`,
    `effective_from = '2000-01-01'`,
    'organisation_id = NULL, service_tier = $$x$$',
  ]) {
    const update = suite.owner.query(`UPDATE model_prices SET ${change} WHERE id = '${id}'`);
    await expect(update, change).rejects.toThrow('a price never changes');
  }
});
