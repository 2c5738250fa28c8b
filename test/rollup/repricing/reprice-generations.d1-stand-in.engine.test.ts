/** Repricing of calls: the preview, and the effects on open books, closed books and issued invoices. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createModelPrice } from '../../../src/ai/prices/create-model-price.ts';
import { endModelPrice } from '../../../src/ai/prices/end-model-price.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { listCreditNotes } from '../../../src/invoicing/credit-notes/list-credit-notes.ts';
import { explainInvoice } from '../../../src/invoicing/explain-invoice.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { runInvoicing } from '../../../src/invoicing/run-invoicing.ts';
import { repriceGenerations } from '../../../src/rollup/repricing/reprice-generations.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { type GenerationContent, sendGenerations } from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('repricing');
}, 60_000);
afterAll(() => suite?.close());

const NOW = '2026-11-20T12:00:00Z';
const FROM = Date.parse('2026-01-01T00:00:00Z');
const RANGE = { from: FROM, to: Date.parse('2027-01-01T00:00:00Z') };
const MILLION = { input: '1000000', output: '0' };

async function rowsOf(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (await suite.owner.query({ text: sql, values })).rows;
}

let models = 0;
/** A customer that calls a model of its own, priced by default at 1 USD for a million input tokens. */
async function customerOf(price: string | null = '1') {
  const { organisation_id, projects } = await suite.addOrganisation();
  const model = `repriced ${models++}`;
  const ctx = suite.ctx(NOW);
  const enter = (price_per_million: string, effective_from = FROM) =>
    createModelPrice(ctx, {
      organisation_id,
      provider: 'acme',
      model,
      token_kind: 'input',
      price_per_million,
      effective_from,
    });
  let current = price === null ? null : await enter(price);
  let from = FROM;
  let keys = 0;
  return {
    organisation_id,
    model,
    ctx,
    async send(day: string, contents: readonly GenerationContent[]) {
      const calls = contents.map((content, index) => ({
        project_id: projects[index % 2] ?? '',
        timestamp: `${day}T12:00:00Z`,
        content: {
          provider: 'acme',
          model,
          tokens: MILLION,
          idempotency_key: `${model} ${keys++}`,
          ...content,
        },
      }));
      sendGenerations(suite, organisation_id, calls);
      await suite.drain();
    },
    /** Simulates a vendor's list that was wrong from the first day: the price ends just after its start. */
    async correct(price_per_million: string) {
      if (current) await endModelPrice(ctx, { id: current.id, effective_to: ++from });
      current = await enter(price_per_million, from);
      return current;
    },
    reprice: (apply: boolean, fields: object = {}) =>
      repriceGenerations(ctx, { ...RANGE, organisation_id, apply, hasTime: () => true, ...fields }),
    costs: () =>
      rowsOf(
        `SELECT trim_scale(cost_usd)::text AS cost, trim_scale(first_cost_usd)::text AS first, cost_source, price_ids
         FROM ai_generations WHERE organisation_id = $1 ORDER BY occurred_at, id`,
        organisation_id,
      ),
    usage: (table: string) =>
      rowsOf(
        `SELECT trim_scale(sum(total_value))::text AS total, sum(event_count)::int AS n FROM ${table}
         WHERE organisation_id = $1 AND metric_name = 'ai.cost_usd'`,
        organisation_id,
      ),
    statistics: () =>
      rowsOf(
        `SELECT trim_scale(sum(cost_usd))::text AS cost, sum(total_requests)::int AS calls FROM ai_statistics_daily
         WHERE organisation_id = $1`,
        organisation_id,
      ),
    audits: () =>
      rowsOf(
        `SELECT changes FROM audit_logs WHERE organisation_id = $1 AND action = 'ai_generation.reprice' ORDER BY seq`,
        organisation_id,
      ),
    async issue(month: number) {
      const draft = await createInvoice(ctx, { organisation_id, year: 2026, month });
      return await finalizeInvoice(ctx, { id: draft.id });
    },
  };
}

const verified = () => verifyBooks(suite.ctx(NOW), { since: null });
const LEVELS = ['usage_hourly', 'usage_daily', 'usage_aggregates'];

describe('in an open period', () => {
  test('a dry run says before and after, and changes nothing', async () => {
    const customer = await customerOf();
    await customer.send('2026-09-10', [{}, {}, { cost_usd: '9' }]);
    await customer.correct('3');
    const before = await customer.costs();
    const said = await customer.reprice(false);
    const sums = {
      calls: 2,
      changed: 2,
      newly_priced: 0,
      unpriced: 0,
      before: '2',
      after: '6',
      difference: '4',
      late: '0',
    };
    expect(said).toMatchObject({
      applied: false,
      complete: true,
      organisation_id: customer.organisation_id,
      ...sums,
      models: [{ provider: 'acme', model: customer.model, ...sums }],
    });
    expect(await customer.costs()).toEqual(before);
    for (const level of LEVELS) expect(await customer.usage(level)).toEqual([{ total: '11', n: 3 }]);
    expect(await customer.audits()).toEqual([]);
  });

  test('applied it moves calls, aggregates of each level and statistics alike, with an audit row, once', async () => {
    const customer = await customerOf();
    await customer.send('2026-09-10', [{}, {}, { cost_usd: '9' }]);
    const { id } = await customer.correct('3');
    expect(await customer.reprice(true)).toMatchObject({ applied: true, changed: 2, difference: '4' });
    const priced = { cost: '3', first: '1', cost_source: 'priced', price_ids: [id] };
    expect(await customer.costs()).toEqual(
      expect.arrayContaining([priced, priced, expect.objectContaining({ cost: '9', first: null })]),
    );
    for (const level of LEVELS) expect(await customer.usage(level)).toEqual([{ total: '15', n: 3 }]);
    expect(await customer.statistics()).toEqual([{ cost: '15', calls: 3 }]);
    // One for each project, because each project has its own transaction.
    const changes = { changed: 1, before: '1', after: '3', difference: '2', late: '0' };
    expect(await customer.audits()).toMatchObject([{ changes }, { changes }]);
    expect(await verified()).toEqual([]);

    expect(await customer.reprice(true)).toMatchObject({ calls: 2, changed: 0, before: '6', after: '6' });
    expect(await customer.audits()).toHaveLength(2);
    expect(await customer.usage('usage_daily')).toEqual([{ total: '15', n: 3 }]);
  });

  test('a call that had no cost becomes an event of the metric, and stays one however often it is repriced', async () => {
    const customer = await customerOf(null);
    const { organisation_id } = customer;
    await suite.addPlan({
      organisation_id,
      metric_name: 'ai.cost_usd',
      unit: 'usd',
      charge_model: 'percentage',
      rate: '100',
      fixed_amount: '0.5',
    });
    await customer.send('2026-09-10', [{}, {}]);
    expect(await customer.reprice(true)).toMatchObject({ calls: 2, changed: 0, unpriced: 2 });
    await customer.correct('3');
    expect(await customer.reprice(true)).toMatchObject({ newly_priced: 2, unpriced: 0, difference: '6' });
    for (const level of LEVELS) expect(await customer.usage(level)).toEqual([{ total: '6', n: 2 }]);
    await customer.correct('4');
    expect(await customer.reprice(true)).toMatchObject({ newly_priced: 0, difference: '2' });
    await customer.correct('0');
    expect(await customer.reprice(true)).toMatchObject({ difference: '-8' });
    await customer.correct('2');
    expect(await customer.reprice(true)).toMatchObject({ newly_priced: 0, difference: '4' });
    for (const level of LEVELS) expect(await customer.usage(level)).toEqual([{ total: '4', n: 2 }]);
    expect(await verified()).toEqual([]);
    const invoice = await customer.issue(9);
    // 4, plus 0.5 twice.
    expect(invoice).toMatchObject({ total: '5.00', line_items: [{ quantity: '4', event_count: 2 }] });
    const { lines } = await explainInvoice(customer.ctx, { id: invoice.id });
    expect(lines).toMatchObject([{ recomputed: { event_count: 2, matches: true } }]);
  });

  test('a ceiling gives way to a price, and a price that is gone to nothing', async () => {
    const customer = await customerOf(null);
    const { organisation_id } = customer;
    await customer.send('2026-09-10', [{}]);
    await suite.owner.query('UPDATE organisations SET ai_ceiling_price_per_million = 20 WHERE id = $1', [
      organisation_id,
    ]);
    expect(await customer.reprice(true)).toMatchObject({ newly_priced: 1, after: '20' });
    expect(await customer.costs()).toMatchObject([{ cost: '20', cost_source: 'ceiling', price_ids: null }]);
    const price = await customer.correct('3');
    expect(await customer.reprice(true)).toMatchObject({ before: '20', after: '3', difference: '-17' });
    const kept = { cost: '3', cost_source: 'priced', price_ids: [price.id] };
    expect(await customer.costs()).toMatchObject([kept]);
    await endModelPrice(customer.ctx, { id: price.id, effective_to: FROM + 2 });
    expect(await customer.reprice(true)).toMatchObject({ calls: 1, changed: 0, after: '3' });
    expect(await customer.costs()).toMatchObject([kept]);
    expect(await verified()).toEqual([]);
  });

  test('only calls of the range and the model, and no other tenant', async () => {
    const customer = await customerOf();
    const other = await customerOf();
    for (const each of [customer, other]) await each.send('2026-09-10', [{}]);
    await customer.correct('3');
    const at = Date.parse('2026-09-10T12:00:00Z');
    expect(await customer.reprice(true, { from: at + 1 })).toMatchObject({ calls: 0 });
    expect(await customer.reprice(true, { to: at })).toMatchObject({ calls: 0 });
    expect(await customer.reprice(true, { model: `${customer.model} mini` })).toMatchObject({ calls: 0 });
    expect(await other.reprice(true)).toMatchObject({ calls: 1, changed: 0 });
    const hit = { from: at, to: at + 1, model: customer.model };
    expect(await customer.reprice(true, hit)).toMatchObject({ calls: 1, changed: 1, model: customer.model });
    expect(await other.costs()).toMatchObject([{ cost: '1', first: null }]);
    await expect(customer.reprice(true, { to: FROM })).rejects.toMatchObject({ code: 'invalid_request' });
    const unknown = { organisation_id: '00000000-0000-4000-8000-000000000000' };
    await expect(customer.reprice(true, unknown)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('more calls than a part holds, two at once and against the drain: each is repriced once', async () => {
    const customer = await customerOf();
    await customer.send(
      '2026-09-10',
      Array.from({ length: 4_500 }, () => ({})),
    );
    await customer.correct('3');
    const [one, two] = await Promise.all([
      customer.reprice(true),
      repriceGenerations(suite.ctx(NOW, { ledger: suite.ctx(NOW).openLedger() }), {
        ...RANGE,
        organisation_id: customer.organisation_id,
        apply: true,
        hasTime: () => true,
      }),
      customer.send(
        '2026-09-10',
        Array.from({ length: 3_000 }, () => ({ user_id: 'late' })),
      ),
    ]);
    expect([one.complete, two.complete]).toEqual([true, true]);
    expect(await customer.reprice(true)).toMatchObject({ calls: 7_500, changed: 0, after: '22500' });
    for (const level of LEVELS) expect(await customer.usage(level)).toEqual([{ total: '22500', n: 7_500 }]);
    expect(await verified()).toEqual([]);
  }, 120_000);

  test('what the time did not suffice for is done by the next call', async () => {
    const customer = await customerOf();
    await customer.send(
      '2026-09-10',
      Array.from({ length: 2_500 }, () => ({})),
    );
    await customer.correct('3');
    let asked = 0;
    const first = await customer.reprice(true, { hasTime: () => asked++ < 1 });
    expect(first).toMatchObject({ complete: false, changed: 1_250 });
    expect(await customer.reprice(true)).toMatchObject({ complete: true, calls: 2_500, changed: 1_250 });
    expect(await verified()).toEqual([]);
  }, 60_000);
});

describe('in a closed period', () => {
  const plan = (organisation_id: string) =>
    suite.addPlan({
      organisation_id,
      metric_name: 'ai.cost_usd',
      unit: 'usd',
      charge_model: 'percentage',
      rate: '120',
    });

  test('more cost is a line of the next invoice, and the issued one stays to the letter', async () => {
    const customer = await customerOf();
    await plan(customer.organisation_id);
    await customer.send('2026-09-10', [{}, {}]);
    const september = await customer.issue(9);
    expect(september.total).toBe('2.40');
    const issued = await getInvoice(customer.ctx, { id: september.id });
    await customer.correct('3');
    expect(await customer.reprice(false)).toMatchObject({ difference: '4', late: '4' });
    expect(await customer.reprice(true)).toMatchObject({ difference: '4', late: '4' });
    expect(await customer.usage('usage_daily')).toEqual([{ total: '2', n: 2 }]);
    expect(await customer.statistics()).toEqual([{ cost: '6', calls: 2 }]);
    expect(await verified()).toEqual([]);
    expect(await getInvoice(customer.ctx, { id: september.id })).toEqual(issued);

    const october = await customer.issue(10);
    expect(october).toMatchObject({
      total: '4.80',
      line_items: [{ kind: 'late', month: 9, quantity: '4', event_count: 0, total: '4.80' }],
    });
    for (const { id } of [september, october]) {
      const { lines } = await explainInvoice(customer.ctx, { id });
      expect(lines.map(({ recomputed }) => recomputed?.matches)).toEqual([true]);
    }
    // A second repricing, lower by 1, before the next invoice: the late usage stays, and the rest follows.
    await customer.correct('2.5');
    expect(await customer.reprice(true)).toMatchObject({ difference: '-1', late: '-1' });
    expect(await verified()).toEqual([]);
  });

  test('less cost is proposed as a credit note on the invoice that had charged it', async () => {
    const customer = await customerOf('3');
    await plan(customer.organisation_id);
    await customer.send('2026-09-10', [{}, {}]);
    const september = await customer.issue(9);
    expect(september.total).toBe('7.20');
    await customer.correct('1');
    expect(await customer.reprice(true)).toMatchObject({ difference: '-4', late: '-4' });
    await runInvoicing(customer.ctx, { as_of: Date.parse(NOW), hasTime: () => true });
    const { data } = await listCreditNotes(
      customer.ctx,
      { invoice_id: september.id },
      { limit: 10, after: null },
    );
    expect(data).toMatchObject([{ total: '4.80' }]);
    expect(await getInvoice(customer.ctx, { id: september.id })).toEqual(september);
    expect(await verified()).toEqual([]);
  });
});
