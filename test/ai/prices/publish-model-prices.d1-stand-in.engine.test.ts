/** The published price book matches the ledger, and calls priced by a different one are corrected. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createModelPrice } from '../../../src/ai/prices/create-model-price.ts';
import { findUnpublishedModels, healModelPrices } from '../../../src/ai/prices/publish-model-prices.ts';
import { runRollup } from '../../../src/rollup/run-rollup.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { randomUUID } from '../../setup/seeded.ts';
import { sendGenerations } from '../generations.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('publishing');
}, 60_000);
afterAll(() => suite?.close());
beforeEach(async () => {
  await healModelPrices(ctx());
});

const ctx = () => suite.ctx(new Date().toISOString());
const FROM = Date.parse('2026-01-01T00:00:00Z');

let models = 0;
async function enter(fields: { organisation_id?: string; price_per_million?: string } = {}) {
  const model = `published ${models++}`;
  const token_kind = 'input' as const;
  const price = { provider: 'acme', token_kind, price_per_million: '3', effective_from: FROM };
  return await createModelPrice(ctx(), { ...price, model, ...fields });
}

const published = () =>
  suite.sqlite.prepare('SELECT * FROM published_prices ORDER BY provider, model, organisation_id').all();
const tamper = (sql: string, model: string) => suite.sqlite.prepare(sql).run(model);

describe('the publish job', () => {
  test('publishes the whole seeded book, and then has nothing to do', async () => {
    suite.sqlite.exec('DELETE FROM published_prices');
    const { published_models } = await healModelPrices(ctx());
    expect(published_models).toBeGreaterThan(2_200);
    expect(published()).toHaveLength(published_models);
    expect(await healModelPrices(ctx())).toEqual({ published_models: 0 });
    expect(await findUnpublishedModels(ctx())).toEqual([]);
  });

  test.each([
    ['was lost', 'DELETE FROM published_prices WHERE model = ?'],
    ['was set back', `UPDATE published_prices SET version = 0, prices = '[]' WHERE model = ?`],
    ['is of a later moment', `UPDATE published_prices SET version = 7, prices = '[]' WHERE model = ?`],
  ])('heals what %s, and nothing else', async (_, sql) => {
    const { model } = await enter();
    await enter();
    const before = published();
    tamper(sql, model);
    expect(published()).not.toEqual(before);
    expect(await healModelPrices(ctx())).toEqual({ published_models: 1 });
    expect(published()).toEqual(before);
  });

  test('withdraws what the ledger does not know', async () => {
    const { model } = await enter();
    const before = published();
    tamper(
      `INSERT INTO published_prices SELECT provider, 'of no ledger', organisation_id, prices, version
       FROM published_prices WHERE model = ?`,
      model,
    );
    expect(await findUnpublishedModels(ctx())).toMatchObject([{ model: 'of no ledger' }]);
    await healModelPrices(ctx());
    expect(published()).toEqual(before);
  });
});

test('what is not published is found after three minutes, what is published of a later moment at once', async () => {
  const { model } = await enter();
  tamper('DELETE FROM published_prices WHERE model = ?', model);
  expect(await findUnpublishedModels(ctx())).toEqual([]);
  const later = suite.ctx(new Date(Date.now() + 200_000).toISOString());
  const named = { provider: 'acme', model, organisation_id: '*' };
  expect(await findUnpublishedModels(later)).toEqual([{ ...named, version: 1 }]);
  await healModelPrices(ctx());
  expect(await findUnpublishedModels(later)).toEqual([]);
  tamper('UPDATE published_prices SET version = 9 WHERE model = ?', model);
  expect(await findUnpublishedModels(ctx())).toEqual([{ ...named, version: 9 }]);
});

describe('at the drain', () => {
  test.each<[string, (priceId: string) => unknown, number]>([
    ['another amount', (id) => ({ cost_usd: '2', price_ids: [id] }), 1],
    ['a price that is in no book', () => ({ cost_usd: '3', price_ids: [randomUUID()] }), 1],
    ['what the book says', (id) => ({ cost_usd: '3', price_ids: [id] }), 0],
    ['nothing that can be read', () => ({ cost_usd: 'three', price_ids: 'x' }), 0],
    ['nothing', () => null, 0],
  ])('a call that came with %s costs what the ledger says', async (_, pricedOf, n_mispriced) => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const price = await enter();
    const [project_id = ''] = projects;
    const tokens = { input: '1000000', output: '0' };
    const content = { provider: 'acme', model: price.model, tokens, priced: pricedOf(price.id) };
    const at = new Date().toISOString();
    const [id] = sendGenerations(suite, organisation_id, [{ project_id, timestamp: at, content }]);
    const { openLedger, shards, now } = ctx();
    const run = await runRollup({ openLedger, shards, now, hasTime: () => true });
    expect(run).toMatchObject({ status: 'succeeded', n_counted: 1, n_mispriced });
    const { rows } = await suite.owner.query(
      'SELECT trim_scale(cost_usd)::text AS cost, cost_source, price_ids FROM ai_generations WHERE id = $1',
      [id],
    );
    expect(rows).toEqual([{ cost: '3', cost_source: 'priced', price_ids: [price.id] }]);
    expect(await verifyBooks(ctx(), { since: null })).toEqual([]);
  });
});
