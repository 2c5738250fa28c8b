/** Each ledger call of issuing, crediting and paying fails once before its effect and once after it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '../../../src/db/ctx.ts';
import { createCreditNote } from '../../../src/invoicing/credit-notes/create-credit-note.ts';
import { issueCreditNote } from '../../../src/invoicing/credit-notes/issue-credit-note.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { createPayment } from '../../../src/payments/create-payment.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { invoicesOf, NOTED, notesOf, paidOf, type Rows, readSeries, rowsIn } from './issued-rows.ts';
import { addCustomers, type Customer, inLanes, NOW, prepareSeller } from './swept-customers.ts';
import { faultsOf, isDone, runDry, runStruck } from './swept-ledger.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

let suite: Suite;
let rowsOf: Rows;
/** Processed without a fault, to record the calls. */
let dry: Customer;
let finalizeCalls: string[];
/** One customer for each fault of a finalization, the verb with the most calls. */
let customers: Customer[];

const finalize =
  ({ september }: Customer) =>
  (ctx: Ctx) =>
    finalizeInvoice(ctx, { id: september.id });

beforeAll(async () => {
  suite = await openSuite('sweep');
  rowsOf = rowsIn(suite);
  await prepareSeller(suite);
  const [first] = await addCustomers(suite, 1);
  if (!first) throw new Error('no customer');
  const { result, calls } = await runDry(suite.ctx(NOW), finalize(first));
  dry = { ...first, september: result };
  finalizeCalls = calls;
  customers = await addCustomers(suite, faultsOf(calls).length);
});
afterAll(() => suite.close());

/**
 * Fails each call of a verb in turn. `check` gets a label with the call, repeats the verb and checks the stored rows.
 */
async function sweep<T>(
  verb: (customer: Customer) => (ctx: Ctx) => Promise<T>,
  calls: readonly string[],
  check: (ctx: Ctx, customer: Customer, outcome: { isDone: boolean; told: string }) => Promise<void>,
): Promise<void> {
  const faults = faultsOf(calls);
  expect(calls.at(-1)).toBe('COMMIT');
  expect(customers.length).toBeGreaterThanOrEqual(faults.length);
  await inLanes(suite, faults, async (ctx, fault, index) => {
    const customer = customers[index];
    if (!customer) throw new Error('a customer for each fault');
    await runStruck(ctx, fault, verb(customer));
    const told = `${fault.moment} ${calls[fault.at]}`;
    await check(ctx, customer, { isDone: isDone(calls, fault), told });
  });
}

test('a finalization that fails at any call is repeated, and issues the invoice once with all that belongs to it', async () => {
  for (const table of [
    'invoice_counters',
    'documents',
    'outbox',
    'audit_logs',
    'usage_adjustments',
    'credit_notes',
  ])
    expect(finalizeCalls.join('\n')).toContain(`INSERT INTO ${table}`);
  await sweep(finalize, finalizeCalls, async (ctx, customer, { isDone, told }) => {
    const { organisation_id, september } = customer;
    const [left] = await rowsOf(
      `SELECT (SELECT count(*)::int FROM documents WHERE subject_id = $1) AS documents,
         (SELECT count(*)::int FROM outbox WHERE organisation_id = $2 AND payload->>'invoice_id' = $1::text) AS messages,
         (SELECT count(*)::int FROM audit_logs WHERE entity_id = $1::text AND action = 'invoice.finalize') AS audited,
         (SELECT count(*)::int FROM credit_notes WHERE organisation_id = $2) AS proposed`,
      [september.id, organisation_id],
    );
    if (isDone) {
      expect(left, told).toEqual({ documents: 1, messages: 2, audited: 1, proposed: 1 });
      await expect(finalize(customer)(ctx), told).rejects.toEqual(code('invalid_state'));
      return;
    }
    expect(left, told).toEqual({ documents: 0, messages: 0, audited: 0, proposed: 0 });
    const draft = { status: 'draft', invoice_number: null, issued_at: null };
    expect(await getInvoice(ctx, { id: september.id }), told).toMatchObject(draft);
    expect(await finalize(customer)(ctx), told).toMatchObject({ status: 'finalized' });
  });

  const n = customers.length + 1;
  expect(await readSeries(rowsOf, 'invoices')).toEqual({ 'INV-2025-26': n, 'INV-2026-27': n });
  const counters = await rowsOf('SELECT last_number::int FROM invoice_counters');
  expect(counters).toEqual([{ last_number: n }, { last_number: n }]);
  const once = { documents: 1, renders: 1, emails: 1, announced: 1, audited: 1, adds_up: true };
  for (const each of await invoicesOf(rowsOf, 8))
    expect(each).toMatchObject({ status: 'finalized', ...once });
  const issued = await invoicesOf(rowsOf, 9);
  expect(issued).toHaveLength(n);
  for (const each of issued) {
    expect(each).toEqual({
      organisation_id: each.organisation_id,
      status: 'finalized',
      ...once,
      total: '37.85',
      issued_at: new Date(NOW),
      due_date: '2026-12-04',
      claimed: 1,
      carried: 1,
      proposed: 1,
      lines: ['usage calls 20.05', 'usage seats 0.00', 'usage tokens 9.29', 'late calls 6.01'],
    });
  }
});

test('a proposal whose issue fails at any call is issued again, once', async () => {
  const issue =
    ({ organisation_id }: Customer) =>
    async (ctx: Ctx) => {
      const [row] = await rowsOf('SELECT id FROM credit_notes WHERE organisation_id = $1', [organisation_id]);
      return await issueCreditNote(ctx, { id: row?.id });
    };
  const { calls } = await runDry(suite.ctx(NOW), issue(dry));
  await sweep(issue, calls, async (ctx, customer, { isDone, told }) => {
    expect(await notesOf(rowsOf, customer.august.id), told).toHaveLength(isDone ? 1 : 0);
    if (isDone) await expect(issue(customer)(ctx), told).rejects.toEqual(code('invalid_state'));
    else await issue(customer)(ctx);
    expect(await notesOf(rowsOf, customer.august.id), told).toMatchObject([{ total: '4.28', ...NOTED }]);
  });
  const left = customers.slice(faultsOf(calls).length);
  await inLanes(suite, left, (ctx, customer) => issue(customer)(ctx));
  expect(await readSeries(rowsOf, 'credit_notes')).toEqual({ 'CN-2026-27': customers.length + 1 });
});

test('a credit note that fails at any call is repeated with its key, and is issued once', async () => {
  const credit =
    ({ september: { id: invoice_id } }: Customer) =>
    (ctx: Ctx) => {
      const lines = [{ line_number: 1, amount: '5.00' }];
      return createCreditNote(ctx, { invoice_id, lines, idempotency_key: `credit of ${invoice_id}` });
    };
  const { calls } = await runDry(suite.ctx(NOW), credit(dry));
  await sweep(credit, calls, async (ctx, customer, { isDone, told }) => {
    const { id } = customer.september;
    expect(await notesOf(rowsOf, id), told).toHaveLength(isDone ? 1 : 0);
    const note = await credit(customer)(ctx);
    expect(await notesOf(rowsOf, id), told).toEqual([{ id: note.id, total: '5.35', ...NOTED }]);
    expect(await credit(customer)(ctx), told).toEqual(note);
  });
  await readSeries(rowsOf, 'credit_notes');
});

test('a credit note of all that is left, repeated without a key, never gives more than the invoice', async () => {
  const credit =
    ({ august }: Customer) =>
    (ctx: Ctx) =>
      createCreditNote(ctx, { invoice_id: august.id, idempotency_key: null });
  const { calls } = await runDry(suite.ctx(NOW), credit(dry));
  await sweep(credit, calls, async (ctx, customer, { isDone, told }) => {
    const { id } = customer.august;
    if (isDone) {
      await expect(credit(customer)(ctx), told).rejects.toEqual(code('credit_exceeds_invoice'));
    } else {
      expect(await paidOf(rowsOf, id), told).toEqual({ status: 'finalized', told: 0, audited: 0 });
      await credit(customer)(ctx);
    }
    expect(customer.august.total).toBe('25.75');
    expect(await notesOf(rowsOf, id), told).toMatchObject([
      { total: '4.28', ...NOTED },
      { total: '21.47', ...NOTED },
    ]);
    expect(await paidOf(rowsOf, id), told).toEqual({ status: 'paid', told: 1, audited: 1 });
  });
  await readSeries(rowsOf, 'credit_notes');
});

test('a payment that fails at any call is repeated with its key, and is taken once', async () => {
  const pay =
    ({ september: { id: invoice_id } }: Customer) =>
    (ctx: Ctx) =>
      createPayment(ctx, {
        invoice_id,
        method: 'offline',
        amount: '32.50',
        currency: 'EUR',
        idempotency_key: `payment of ${invoice_id}`,
      });
  const { calls } = await runDry(suite.ctx(NOW), pay(dry));
  const paymentsOf = (id: string) =>
    rowsOf(
      `SELECT p.id, p.applied_amount,
         (SELECT array_agg(a.action) FROM audit_logs a WHERE a.entity_id = p.id::text) AS actions
       FROM payments p WHERE p.invoice_id = $1`,
      [id],
    );
  await sweep(pay, calls, async (ctx, customer, { isDone, told }) => {
    const { id } = customer.september;
    expect(await paymentsOf(id), told).toHaveLength(isDone ? 1 : 0);
    const payment = await pay(customer)(ctx);
    const actions = ['payment.create'];
    expect(await paymentsOf(id), told).toEqual([{ id: payment.id, applied_amount: '32.50', actions }]);
    expect(await paidOf(rowsOf, id), told).toEqual({ status: 'paid', told: 1, audited: 1 });
    expect(await pay(customer)(ctx), told).toEqual(payment);
  });
});
