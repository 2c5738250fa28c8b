import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelInvoice } from '../../src/invoicing/cancel-invoice.ts';
import type { Invoice } from '../../src/invoicing/invoice.ts';
import { listInvoices } from '../../src/invoicing/list-invoices.ts';
import { runInvoicing } from '../../src/invoicing/run-invoicing.ts';
import { openSuite, type Suite } from './ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('job');
});
afterAll(() => suite.close());

const hasTime = () => true;
const run = (now: string) => runInvoicing(suite.ctx(now), { as_of: Date.parse(now), hasTime });
async function invoicesOf(organisation_id: string): Promise<readonly Invoice[]> {
  const ctx = suite.ctx('2026-11-20T00:00:00Z');
  const { data } = await listInvoices(ctx, { organisation_id }, { limit: 100, after: null });
  return data.toSorted((a, b) => a.month - b.month);
}
const summary = (invoices: readonly Invoice[]) =>
  invoices.map(({ year, month, status, total }) => `${year}-${month} ${status} ${total}`);

async function customer(input: Parameters<Suite['addOrganisation']>[0], months: readonly string[]) {
  const { organisation_id, projects } = await suite.addOrganisation(input);
  const [project_id = ''] = projects;
  await suite.addPlan({ organisation_id, metric_name: 'tokens.input', price_per_unit: '1' });
  const send = (timestamp: string, metric_value = '1'): void =>
    suite.sendEvents(organisation_id, [{ project_id, metric_value, timestamp }]);
  for (const month of months) send(`${month}-15T00:00:00Z`);
  return { organisation_id, send };
}

test('drafts ended periods, oldest first, and issues them past their grace and not before', async () => {
  const usual = await customer({}, ['2026-08', '2026-10']);
  const inactive = await customer({ is_active: false, grace_hours: 0 }, ['2026-10']);
  const kolkata = await customer({ timezone: 'Asia/Kolkata', grace_hours: 0 }, ['2026-10']);
  await suite.drain();

  expect(await run('2026-10-31T18:29:59Z')).toMatchObject({ status: 'succeeded', drafted: 1, finalized: 1 });
  expect(summary(await invoicesOf(usual.organisation_id))).toEqual(['2026-8 finalized 1.00']);
  expect(await run('2026-10-31T18:30:00Z')).toMatchObject({ drafted: 1, finalized: 1 });
  expect(summary(await invoicesOf(kolkata.organisation_id))).toEqual(['2026-10 finalized 1.00']);

  expect(await run('2026-11-01T00:00:00Z')).toMatchObject({ drafted: 2, finalized: 1, refused: [] });
  expect(summary(await invoicesOf(inactive.organisation_id))).toEqual(['2026-10 finalized 1.00']);
  expect(await run('2026-11-02T23:59:59Z')).toMatchObject({ drafted: 0, finalized: 0 });
  expect(await run('2026-11-03T00:00:00Z')).toMatchObject({ drafted: 0, finalized: 1 });
  expect(summary(await invoicesOf(usual.organisation_id))).toEqual([
    '2026-8 finalized 1.00',
    '2026-10 finalized 1.00',
  ]);
  expect(await run('2026-11-04T00:00:00Z')).toMatchObject({ drafted: 0, finalized: 0, refused: [] });
});

test('a refusal is listed and stops no one else; a drain later it is issued', async () => {
  const waiting = await customer({ grace_hours: 0 }, ['2026-09']);
  const euros = await customer({ grace_hours: 0, currency: 'EUR' }, ['2026-09']);
  await suite.drain();
  waiting.send('2026-09-16T00:00:00Z', '2');
  const result = await run('2026-11-05T00:00:00Z');
  expect(result).toMatchObject({ status: 'succeeded', drafted: 2, finalized: 0, refused_count: 2 });
  // Both are on the shard that is not drained.
  for (const { organisation_id } of [waiting, euros]) {
    const refusal = { organisation_id, year: 2026, month: 9, code: 'not_drained' };
    expect(result.refused).toContainEqual(expect.objectContaining(refusal));
  }
  await suite.drain();
  expect(await run('2026-11-05T01:00:00Z')).toMatchObject({
    status: 'succeeded',
    finalized: 1,
    refused: [
      { organisation_id: euros.organisation_id, year: 2026, month: 9, code: 'exchange_rate_missing' },
    ],
  });
  expect(summary(await invoicesOf(waiting.organisation_id))).toEqual(['2026-9 finalized 3.00']);
  await suite.addPlan({
    organisation_id: euros.organisation_id,
    metric_name: 'tokens.input',
    currency: 'EUR',
    price_per_unit: '2',
  });
  await run('2026-11-05T02:00:00Z');
  expect(summary(await invoicesOf(euros.organisation_id))).toEqual(['2026-9 finalized 2.00']);
});

test('late usage alone makes an invoice of the last ended period, a cancelled one is not made again', async () => {
  const { organisation_id, send } = await customer({ grace_hours: 0 }, ['2026-07']);
  await suite.drain();
  await run('2026-08-01T00:00:00Z');
  send('2026-07-20T00:00:00Z', '5');
  await suite.drain();
  await run('2026-10-10T00:00:00Z');
  const invoices = await invoicesOf(organisation_id);
  expect(summary(invoices)).toEqual(['2026-7 finalized 1.00', '2026-9 finalized 5.00']);
  await cancelInvoice(suite.ctx('2026-10-11T00:00:00Z'), { id: invoices[1]?.id ?? '' });
  await run('2026-10-12T00:00:00Z');
  expect(summary(await invoicesOf(organisation_id)).slice(1)).toEqual([
    '2026-8 finalized 5.00',
    '2026-9 cancelled 5.00',
  ]);
});

test('a flat fee is billed every month of its version without any usage, from the one in which the organisation came', async () => {
  const { organisation_id } = await suite.addOrganisation({ grace_hours: 0 });
  await suite.owner.query("UPDATE organisations SET created_at = '2026-08-31T23:00:00Z' WHERE id = $1", [
    organisation_id,
  ]);
  await suite.addPlan({
    organisation_id,
    metric_name: 'platform',
    unit: '',
    charge_model: 'flat',
    amount: '49',
    effective_from: '2026-06-20',
    effective_to: '2026-10-01',
  });
  await run('2026-11-05T03:00:00Z');
  expect(summary(await invoicesOf(organisation_id))).toEqual([
    '2026-8 finalized 49.00',
    '2026-9 finalized 49.00',
  ]);
});

test('without time it is partial and has done nothing by halves', async () => {
  const { organisation_id } = await customer({ grace_hours: 0 }, ['2026-06']);
  await suite.drain();
  const now = '2026-11-05T04:00:00Z';
  const result = await runInvoicing(suite.ctx(now), { as_of: Date.parse(now), hasTime: () => false });
  expect(result).toMatchObject({ status: 'partial', drafted: 0, finalized: 0 });
  expect(await invoicesOf(organisation_id)).toEqual([]);
});
