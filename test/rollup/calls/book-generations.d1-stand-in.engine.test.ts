/** AI calls in the books: invoices that bill and explain them, and the differences that are found. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tenant } from '../../../src/db/ledger.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { explainInvoice } from '../../../src/invoicing/explain-invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { locateEvent } from '../../../src/reports/usage/locate-event.ts';
import { listUsageEvents } from '../../../src/reports/usage/usage-store.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { FULL, sendGenerations } from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';

let suite: Suite;

beforeAll(async () => {
  suite = await openSuite('ai_books');
}, 60_000);
afterAll(() => suite?.close());

const DAY = '2026-09-10T10:00:00Z';
const NOW = '2026-11-21T00:00:00Z';

async function rowsOf(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (await suite.owner.query({ text: sql, values })).rows;
}

const verified = async (): Promise<unknown[]> => verifyBooks(suite.ctx(NOW), { since: null });

describe('the books of generations', () => {
  const PLANS = [
    { metric_name: 'ai.calls', unit: 'call', price_per_unit: '1' },
    { metric_name: 'ai.input_tokens', unit: 'token', price_per_unit: '0.001' },
    { metric_name: 'ai.cost_usd', unit: 'usd', price_per_unit: '2' },
  ];

  test('of a closed period become an adjustment of each metric, which the next invoice bills and explains', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = '', other = ''] = projects;
    for (const plan of PLANS) await suite.addPlan({ organisation_id, ...plan });
    const send = (project: string, timestamp: string, key: string) =>
      sendGenerations(suite, organisation_id, [
        { project_id: project, timestamp, content: { idempotency_key: key, cost_usd: '0.5' } },
      ])[0] ?? '';
    send(project_id, DAY, 'a');
    send(other, '2026-09-30T23:59:59.999Z', 'b');
    await suite.drain();
    const bill = async (month: number, now: string) => {
      const ctx = suite.ctx(now);
      const draft = await createInvoice(ctx, { organisation_id, year: 2026, month });
      return await finalizeInvoice(ctx, { id: draft.id });
    };
    // 2 calls, 2,000 tokens at 0.001 and 1 USD twice.
    const september = await bill(9, '2026-10-05T00:00:00Z');
    expect(september.total).toBe('6.00');

    const late = send(project_id, DAY, 'late');
    send(project_id, '2026-10-01T00:00:00Z', 'october');
    await suite.drain('2026-10-06T00:00:00Z');
    const [{ adjustment_ids } = {}] = await rowsOf(
      'SELECT adjustment_ids FROM ai_generations WHERE id = $1',
      late,
    );
    const adjustments = await rowsOf(
      `SELECT metric_name, id, trim_scale(quantity)::text AS quantity FROM usage_adjustments
       WHERE organisation_id = $1 ORDER BY metric_name`,
      organisation_id,
    );
    expect(adjustments.map(({ metric_name, quantity }) => [metric_name, quantity])).toEqual([
      ['ai.calls', '1'],
      ['ai.cost_usd', '0.5'],
      ['ai.input_tokens', '1000'],
      ['ai.output_tokens', '200'],
    ]);
    expect(adjustment_ids).toEqual(
      Object.fromEntries(adjustments.map(({ metric_name, id }) => [metric_name, id])),
    );
    expect(await verified()).toEqual([]);

    const october = await bill(10, '2026-11-05T00:00:00Z');
    expect(october.total).toBe('6.00');
    for (const { id } of [september, october]) {
      const { lines } = await explainInvoice(suite.ctx(NOW), { id });
      expect(lines.length).toBeGreaterThanOrEqual(3);
      for (const line of lines) {
        expect([line.description, line.recomputed?.matches]).toEqual([line.description, true]);
        expect(line.events_hash).toMatch(/^[0-9a-f]{64}$/);
      }
    }
    expect(await verified()).toEqual([]);
  });

  const TAMPERED: readonly [name: string, sql: string, check: string][] = [
    ['a token too many in a generation', 'UPDATE ai_generations SET input_tokens = input_tokens + 1', 'day'],
    ['a generation that is gone', 'DELETE FROM ai_generations', 'day'],
    ['a statistic that is wrong', 'UPDATE ai_statistics_daily SET cost_usd = cost_usd + 1', 'statistics'],
    [
      'a cost that was not counted',
      'UPDATE ai_statistics_daily SET cost_count = cost_count - 1',
      'statistics',
    ],
    ['a statistic that is gone', 'DELETE FROM ai_statistics_daily', 'statistics'],
  ];

  test.each(TAMPERED)('%s is found', async (_, sql, check) => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    sendGenerations(suite, organisation_id, [{ project_id, timestamp: DAY, content: FULL }]);
    await suite.drain();
    await suite.owner.query(`${sql} WHERE organisation_id = $1`, [organisation_id]);
    const differences = await verifyBooks(suite.ctx(NOW), { since: null });
    const ours = differences.filter((each) => each.organisation_id === organisation_id);
    expect(ours.map((each) => each.check)).toContain(check);
    await suite.owner.query('DELETE FROM ai_generations WHERE organisation_id = $1', [organisation_id]);
    for (const table of [
      'ai_statistics_daily',
      'usage_events',
      'event_keys',
      'usage_hourly',
      'usage_daily',
      'usage_aggregates',
    ])
      await suite.owner.query(`DELETE FROM ${table} WHERE organisation_id = $1`, [organisation_id]);
    expect(await verified()).toEqual([]);
  });

  test('say of a call where it stands, with all that it is metered by', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    sendGenerations(suite, organisation_id, [{ project_id, timestamp: DAY, content: { cost_usd: '0.25' } }]);
    await suite.drain();
    const actor = { kind: 'project', key_id: 'any', organisation_id, project_id } as const;
    const input = { idempotency_key: 'caller-key' };
    expect(await locateEvent(suite.ctx(NOW, { actor }), input)).toMatchObject({
      status: 'counted',
      event: {
        metric_name: 'ai.calls',
        quantities: [
          { metric_name: 'ai.cost_usd', unit: 'usd', metric_value: '0.25' },
          { metric_name: 'ai.input_tokens', unit: 'token', metric_value: '1000' },
          { metric_name: 'ai.output_tokens', unit: 'token', metric_value: '200' },
        ],
      },
    });
  });
  test('are listed by each metric as events with its quantity, and once where no metric is asked for', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const [id] = sendGenerations(suite, organisation_id, [{ project_id, timestamp: DAY }]);
    await suite.drain();
    const list = (metric_name?: string) =>
      suite.ctx(NOW).ledger.transaction(tenant(organisation_id), async (tx) => {
        const page = { limit: 10, after: null };
        return (await listUsageEvents(tx, { organisation_id, metric_name }, page)).data;
      });
    expect(await list('ai.output_tokens')).toMatchObject([
      { id, metric_value: '200', unit: 'token', day: '2026-09-10' },
    ]);
    expect(await list('ai.cost_usd')).toEqual([]);
    expect(await list()).toMatchObject([{ id, metric_name: 'ai.calls', metric_value: '1' }]);
  });
});
