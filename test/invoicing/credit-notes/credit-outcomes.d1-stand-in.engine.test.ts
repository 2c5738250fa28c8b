/** What happens to a dismissed proposal, and to payments of a credited invoice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCreditNote } from '../../../src/invoicing/credit-notes/create-credit-note.ts';
import { dismissCreditNote } from '../../../src/invoicing/credit-notes/dismiss-credit-note.ts';
import { issueCreditNote } from '../../../src/invoicing/credit-notes/issue-credit-note.ts';
import { listCreditNotes } from '../../../src/invoicing/credit-notes/list-credit-notes.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import { runInvoicing } from '../../../src/invoicing/run-invoicing.ts';
import { createPayment } from '../../../src/payments/create-payment.ts';
import { listPayments } from '../../../src/payments/list-payments.ts';
import { randomUUID } from '../../setup/seeded.ts';
import { openSuite, type Suite } from '../ledger-of-suite.ts';
import { countIn, customerOf, NOW, settleInGermany } from './credited-invoices.ts';

let suite: Suite;
let count: ReturnType<typeof countIn>;
beforeAll(async () => {
  suite = await openSuite('credit_outcomes');
  count = countIn(suite);
  await settleInGermany(suite);
});
afterAll(() => suite.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const run = () => runInvoicing(suite.ctx(NOW), { as_of: Date.parse(NOW), hasTime: () => true });
const notesOf = async (invoice_id: string) =>
  (await listCreditNotes(suite.ctx(NOW), { invoice_id }, { limit: 10, after: null })).data;

/** September with 10 calls at 2.005: 20.05, and 23.86 with VAT. */
async function september() {
  const customer = await customerOf(suite);
  customer.send('10', '2026-09-10T00:00:00Z');
  await suite.drain();
  const late = async (quantity: string): Promise<void> => {
    customer.send(quantity, '2026-09-20T00:00:00Z');
    await suite.drain();
  };
  return { customer, late, invoice: await customer.issue(9) };
}

describe('a proposal that is declined', () => {
  test('gives nothing back, settles its usage, and never changes again', async () => {
    const { customer, late, invoice } = await september();
    await late('-3');
    await run();
    const [proposal] = await notesOf(invoice.id);
    const declined = await dismissCreditNote(suite.ctx(NOW), {
      id: proposal?.id ?? '',
      reason: 'Agreed by phone',
    });
    expect(declined).toMatchObject({
      status: 'dismissed',
      reason: 'Agreed by phone',
      credit_note_number: null,
    });
    expect(await getInvoice(suite.ctx(NOW), { id: invoice.id })).toMatchObject({
      credited_total: '0.00',
      amount_due: '23.86',
    });
    expect(await count('audit_logs', customer.organisation_id, `action = 'credit_note.dismiss'`)).toBe(1);
    await expect(issueCreditNote(suite.ctx(NOW), { id: declined.id })).rejects.toEqual(code('invalid_state'));
    await expect(dismissCreditNote(suite.ctx(NOW), { id: declined.id })).rejects.toEqual(
      code('invalid_state'),
    );
    await expect(suite.owner.query('DELETE FROM credit_notes WHERE id = $1', [declined.id])).rejects.toThrow(
      /never deleted/,
    );
    await expect(
      suite.owner.query('UPDATE credit_notes SET total = 0, subtotal = 0, tax_total = 0 WHERE id = $1', [
        declined.id,
      ]),
    ).rejects.toThrow(/never changes/);
    expect(await run()).toMatchObject({ proposed: 0 });
  });

  test('later usage is rated beside it: three back, declined, and one more back is one, not four', async () => {
    const { late, invoice } = await september();
    await late('-3');
    await run();
    const [proposal] = await notesOf(invoice.id);
    await dismissCreditNote(suite.ctx(NOW), { id: proposal?.id ?? '' });
    await late('-1');
    await run();
    const notes = await notesOf(invoice.id);
    expect(notes.map(({ status, subtotal }) => `${status} ${subtotal}`).sort()).toEqual([
      'dismissed 6.01',
      'proposed 2.01',
    ]);
    // The rest of the invoice, beyond the proposal, can still be credited.
    const rest = await createCreditNote(suite.ctx(NOW), { invoice_id: invoice.id, idempotency_key: null });
    expect(rest.subtotal).toBe('18.04');
  });
});

describe('money that was paid for what is credited', () => {
  const pay = (invoice_id: string, amount: string, paid_at: string) =>
    createPayment(suite.ctx(NOW), {
      invoice_id,
      method: 'offline',
      amount,
      currency: 'EUR',
      paid_at: Date.parse(paid_at),
      reference: undefined,
      idempotency_key: randomUUID(),
    });
  const appliedOf = async (invoice_id: string) => {
    const { data } = await listPayments(suite.ctx(NOW), { invoice_id }, { limit: 10, after: null });
    const inTurn = data.toSorted((a, b) => (a.paid_at ?? '').localeCompare(b.paid_at ?? ''));
    return inTurn.map(
      (payment) => `${payment.amount}: ${payment.applied_amount} + ${payment.unapplied_amount}`,
    );
  };

  test('is no longer applied, the newest first: applied and credited never exceed the invoice', async () => {
    const { invoice } = await september();
    await pay(invoice.id, '20.00', '2026-10-10T00:00:00Z');
    await pay(invoice.id, '3.86', '2026-10-11T00:00:00Z');
    const lines = [{ line_number: 1, amount: '10.00' }];
    const note = await createCreditNote(suite.ctx(NOW), {
      invoice_id: invoice.id,
      lines,
      idempotency_key: null,
    });
    expect(note.total).toBe('11.90');
    expect(await appliedOf(invoice.id)).toEqual(['20.00: 11.96 + 8.04', '3.86: 0.00 + 3.86']);
    expect(await getInvoice(suite.ctx(NOW), { id: invoice.id })).toMatchObject({
      status: 'paid',
      credited_total: '11.90',
      paid_total: '11.96',
      amount_due: '0.00',
    });
  });

  test('of an invoice paid in part and credited in full is all unapplied', async () => {
    const { invoice } = await september();
    await pay(invoice.id, '1.00', '2026-10-10T00:00:00Z');
    await createCreditNote(suite.ctx(NOW), { invoice_id: invoice.id, idempotency_key: null });
    expect(await appliedOf(invoice.id)).toEqual(['1.00: 0.00 + 1.00']);
    expect(await getInvoice(suite.ctx(NOW), { id: invoice.id })).toMatchObject({
      status: 'paid',
      paid_total: '0.00',
      amount_due: '0.00',
    });
  });

  test('stays applied where the credit leaves something due', async () => {
    const { invoice } = await september();
    await pay(invoice.id, '1.00', '2026-10-10T00:00:00Z');
    const lines = [{ line_number: 1, amount: '1.00' }];
    await createCreditNote(suite.ctx(NOW), { invoice_id: invoice.id, lines, idempotency_key: null });
    expect(await appliedOf(invoice.id)).toEqual(['1.00: 1.00 + 0.00']);
    expect(await getInvoice(suite.ctx(NOW), { id: invoice.id })).toMatchObject({ amount_due: '21.67' });
  });
});
