/** What the payment transaction keeps atomic, and what two runs of one request do without HTTP's stored answers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '../../src/db/ctx.ts';
import { createPayment } from '../../src/payments/create-payment.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';
import { addInvoice, readBooks } from './invoices.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('payments');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';
const addOrganisation = async () => (await suite.addOrganisation()).organisation_id;
const inputOf = (invoice_id: string, idempotency_key: string | null = null) => ({
  invoice_id,
  method: 'offline' as const,
  amount: '100.00',
  currency: 'USD',
  idempotency_key,
});

/** With its own client, like each request. */
async function withOwnLedger<T>(work: (ctx: Ctx) => Promise<T>): Promise<T> {
  const ctx = suite.ctx(NOW);
  const ledger = ctx.openLedger();
  try {
    return await work({ ...ctx, ledger });
  } finally {
    await ledger.close();
  }
}

test('one that fails just before its COMMIT leaves neither payment nor state, audit row nor message', async () => {
  const invoice = await addInvoice(suite.owner, { organisation_id: await addOrganisation() });
  const before = await readBooks(suite.owner, invoice);
  await withOwnLedger(async (ctx) => {
    const ledger = {
      ...ctx.ledger,
      transaction: (async (reach, work) =>
        ctx.ledger.transaction(reach, async (tx) => {
          await work(tx);
          throw new Error('aborted on purpose');
        })) as Ctx['ledger']['transaction'],
    };
    await expect(createPayment({ ...ctx, ledger }, inputOf(invoice, 'key'))).rejects.toThrow('aborted');
  });
  expect(await readBooks(suite.owner, invoice)).toEqual(before);
  await withOwnLedger((ctx) => createPayment(ctx, inputOf(invoice, 'key')));
  expect(await readBooks(suite.owner, invoice)).toMatchObject({ status: 'paid', audit: { length: 2 } });
});

test('ten at once with one key are one payment, also where no answer is kept', async () => {
  const invoice = await addInvoice(suite.owner, { organisation_id: await addOrganisation() });
  const payments = await Promise.all(
    Array.from({ length: 10 }, () => withOwnLedger((ctx) => createPayment(ctx, inputOf(invoice, 'key')))),
  );
  expect(new Set(payments.map(({ id }) => id)).size).toBe(1);
  expect(await readBooks(suite.owner, invoice)).toMatchObject({
    payments: [payments[0]?.id],
    audit: { length: 2 },
    outbox: { length: 1 },
  });
});

test('one key names one payment in each organisation', async () => {
  const invoices = [];
  for (let i = 0; i < 2; i++)
    invoices.push(await addInvoice(suite.owner, { organisation_id: await addOrganisation() }));
  const made = [];
  for (const invoice of invoices)
    made.push(await withOwnLedger((ctx) => createPayment(ctx, inputOf(invoice, 'key'))));
  expect(made.map(({ invoice_id }) => invoice_id)).toEqual(invoices);
});

test('an invoice on which nothing is due is settled by what comes, of which nothing is applied', async () => {
  const invoice = await addInvoice(suite.owner, {
    organisation_id: await addOrganisation(),
    total: '0.00',
  });
  const payment = await withOwnLedger((ctx) => createPayment(ctx, inputOf(invoice)));
  expect(payment).toMatchObject({ applied_amount: '0.00', unapplied_amount: '100.00' });
  expect(await readBooks(suite.owner, invoice)).toMatchObject({ status: 'paid' });
});
