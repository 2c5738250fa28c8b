/** Cost plus a margin: usage that is money itself, through the ledger to invoices and their credits. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInvoice } from '../../src/invoicing/create-invoice.ts';
import { getCreditNote } from '../../src/invoicing/credit-notes/get-credit-note.ts';
import { listCreditNotes } from '../../src/invoicing/credit-notes/list-credit-notes.ts';
import { explainInvoice } from '../../src/invoicing/explain-invoice.ts';
import { finalizeInvoice } from '../../src/invoicing/issuing/finalize-invoice.ts';
import { runInvoicing } from '../../src/invoicing/run-invoicing.ts';
import { openSuite, type Suite } from './ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('percentage');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';
const COST = { metric_name: 'ai.cost_usd', unit: 'usd' };

async function customerOf(currency: string) {
  const { organisation_id, projects } = await suite.addOrganisation({ currency });
  const plan = await suite.addPlan({
    organisation_id,
    ...COST,
    charge_model: 'percentage',
    rate: '120',
    fixed_amount: '0.01',
  });
  const ctx = suite.ctx(NOW);
  return {
    plan,
    ctx,
    async send(day: string, ...costs: readonly string[]) {
      suite.sendEvents(
        organisation_id,
        costs.map((metric_value, index) => ({
          ...COST,
          metric_value,
          project_id: projects[index % 2] ?? '',
          timestamp: `${day}T12:00:00Z`,
        })),
      );
      await suite.drain();
    },
    async issue(month: number) {
      const draft = await createInvoice(ctx, { organisation_id, year: 2026, month });
      return await finalizeInvoice(ctx, { id: draft.id });
    },
  };
}

test('a month of costs is a line with its margin, and each event its fixed amount', async () => {
  const { ctx, plan, send, issue } = await customerOf('USD');
  await send('2026-09-01', '10', '2.3');
  await send('2026-09-30', '0.0456');
  const invoice = await issue(9);
  // 12.3456 × 1.2 + 3 × 0.01 = 14.84472.
  expect(invoice).toMatchObject({
    total: '14.84',
    line_items: [{ ...COST, kind: 'usage', quantity: '12.3456', unit_price: null, event_count: 3 }],
  });
  expect((await explainInvoice(ctx, { id: invoice.id })).lines).toMatchObject([
    { plan: { id: plan, rate: '120', fixed_amount: '0.01' }, recomputed: { event_count: 3, matches: true } },
  ]);
});

test('what comes late is charged, credited and charged again beside all events before it', async () => {
  const { ctx, send, issue } = await customerOf('USD');
  await send('2026-09-01', '10', '2.3', '0.0456');
  const september = await issue(9);
  await send('2026-09-10', '1', '-2');
  expect(await runInvoicing(ctx, { as_of: Date.parse(NOW), hasTime: () => true })).toMatchObject({
    status: 'succeeded',
    proposed: 1,
    drafted: 0,
    refused: [],
  });
  const { data } = await listCreditNotes(ctx, { invoice_id: september.id }, { limit: 10, after: null });
  // 11.3456 in 5 events are 13.66472: 14.84 less 13.66.
  expect(await getCreditNote(ctx, { id: data[0]?.id ?? '' })).toMatchObject({
    total: '1.18',
    line_items: [{ quantity: '-1', event_count: 2, total: '1.18' }],
  });
  await send('2026-09-11', '0.5', '0.5', '0.5', '0.5');
  // 13.3456 in 9 events are 16.10472: 16.10 less 13.66.
  const october = await issue(10);
  expect(october.line_items).toMatchObject([
    { kind: 'late', month: 9, quantity: '2', event_count: 4, total: '2.44' },
  ]);
});

test('a cost in dollars on an invoice in another currency is converted after its margin, once', async () => {
  const { send, issue } = await customerOf('EUR');
  await suite.owner.query(
    `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, source)
     VALUES (gen_random_uuid(), 'USD', 'EUR', '0.9', '2020-01-01', 'manual')`,
  );
  await send('2026-09-01', '10', '2.3', '0.0456');
  // 14.84472 × 0.9 = 13.360248.
  expect((await issue(9)).line_items).toMatchObject([
    { total: '13.36', currency: 'EUR', original_currency: 'USD', original_amount: '14.84472' },
  ]);
});
