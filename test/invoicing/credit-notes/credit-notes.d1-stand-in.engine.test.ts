import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decimal, formatFixed, sum } from '../../../src/core/decimal.ts';
import { uuidv7 } from '../../../src/core/id.ts';
import type { CreditNote } from '../../../src/invoicing/credit-notes/credit-note.ts';
import { getCreditNote } from '../../../src/invoicing/credit-notes/get-credit-note.ts';
import { listCreditNotes } from '../../../src/invoicing/credit-notes/list-credit-notes.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import type { Invoice } from '../../../src/invoicing/invoice.ts';
import { render } from '../../pricing/plans/cases.ts';
import { openSuite, type Suite } from '../ledger-of-suite.ts';
import {
  countIn,
  creditIn,
  customerOf,
  effectsIn,
  NOW,
  pay,
  septemberInvoice,
  settleInGermany,
} from './credited-invoices.ts';

let suite: Suite;
let count: ReturnType<typeof countIn>;
let credit: ReturnType<typeof creditIn>;
let effectsOf: ReturnType<typeof effectsIn>;
beforeAll(async () => {
  suite = await openSuite('credit_notes');
  count = countIn(suite);
  credit = creditIn(suite);
  effectsOf = effectsIn(suite);
  await settleInGermany(suite);
});
afterAll(() => suite.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const read = (invoice: Invoice): Promise<Invoice> => getInvoice(suite.ctx(NOW), { id: invoice.id });
const totalOf = (notes: readonly CreditNote[]): string =>
  formatFixed(sum(notes.map((note) => decimal(note.total))), 2);

describe('a credit note', () => {
  test('of a whole invoice gives back all of it, to the discount and each tax, and settles it', async () => {
    const { customer, invoice } = await septemberInvoice(suite);
    expect(invoice).toMatchObject({
      subtotal: '30.37',
      discount_total: '3.04',
      tax_total: '5.19',
      total: '32.52',
    });
    const note = await credit(invoice, { reason: 'Outage' });
    expect(note).toMatchObject({
      invoice_id: invoice.id,
      billing_entity_id: invoice.billing_entity_id,
      status: 'issued',
      origin: 'manual',
      reason: 'Outage',
      currency: 'EUR',
      subtotal: '30.37',
      discount_total: '3.04',
      tax_total: '5.19',
      total: '32.52',
      taxes: invoice.taxes,
      issued_at: '2026-11-20T12:00:00.000Z',
    });
    expect(note.credit_note_number).toMatch(/^CN-2026-\d{6}$/);
    expect(note.line_items).toEqual(
      invoice.line_items.map(({ line_number, description, total, discount_amount, tax_amount, taxes }) => ({
        line_number,
        invoice_line_number: line_number,
        description,
        quantity: null,
        carried_quantity: '0',
        event_count: 0,
        original_amount: null,
        total,
        discount_amount,
        tax_amount,
        taxes,
      })),
    );
    expect(await getCreditNote(suite.ctx(NOW), { id: note.id })).toEqual({ ...note, adjustments: [] });
    expect(await effectsOf(customer.organisation_id)).toEqual([1, 2, 1, 1, 1]);
    expect(await read(invoice)).toMatchObject({
      status: 'paid',
      paid_at: '2026-11-20T12:00:00.000Z',
      total: '32.52',
      credited_total: '32.52',
      amount_due: '0.00',
    });
    expect(await count('audit_logs', customer.organisation_id, `action = 'invoice.paid'`)).toBe(1);
    await expect(credit(invoice)).rejects.toEqual(code('credit_exceeds_invoice'));
    expect(await effectsOf(customer.organisation_id)).toEqual([1, 2, 1, 1, 1]);
  });

  test('says on paper which invoice it corrects, with positive amounts', async () => {
    const { customer, invoice } = await septemberInvoice(suite);
    const note = await credit(invoice, { lines: [{ line_number: 1, amount: '10' }], reason: 'Outage' });
    const { rows } = await suite.owner.query('SELECT model FROM documents WHERE subject_id = $1', [note.id]);
    expect(rows[0].model).toMatchObject({
      kind: 'credit_note',
      number: note.credit_note_number,
      issue_date: '2026-11-20',
      due_date: null,
      corrects: { number: invoice.invoice_number, issue_date: '2026-11-20', reason: 'Outage' },
      lines: [{ kind: 'credit', name: 'calls', amount: '10.00', discount_amount: '1.00', tax_rate: '19' }],
      discounts: [{ description: '', percentage: null, amount: '1.00' }],
      taxes: [{ name: 'VAT', country: 'DE', rate: '19', taxable_amount: '9.00', amount: '1.71' }],
      total: note.total,
    });
    const { rows: told } = await suite.owner.query(
      `SELECT topic, payload FROM outbox WHERE organisation_id = $1 AND payload->>'credit_note_id' = $2 ORDER BY topic`,
      [customer.organisation_id, note.id],
    );
    expect(told).toMatchObject([
      { topic: 'credit_note.issued', payload: { invoice_id: invoice.id, total: '10.71', currency: 'EUR' } },
      { topic: 'email.send', payload: { kind: 'credit_note_issued', recipient: 'a@example.com' } },
    ]);
  });

  test('by note after note gives back exactly the whole, and not one unit more', async () => {
    const { customer, invoice } = await septemberInvoice(suite);
    const notes: CreditNote[] = [];
    for (const amounts of [['0.01'], ['6.67', '3.33'], ['0.02', '0.01'], ['13.34']]) {
      const lines = amounts.map((amount, index) => ({ line_number: index + 1, amount }));
      notes.push(await credit(invoice, { lines }));
      expect((await read(invoice)).status).toBe('finalized');
    }
    const before = await effectsOf(customer.organisation_id);
    const tooMuch = credit(invoice, { lines: [{ line_number: 1, amount: '0.02' }] });
    await expect(tooMuch).rejects.toMatchObject({
      code: 'credit_exceeds_invoice',
      errors: [{ pointer: '/lines/0/amount', detail: 'Only 0.01 EUR of line 1 can be credited.' }],
    });
    expect(await effectsOf(customer.organisation_id)).toEqual(before);
    notes.push(await credit(invoice, { lines: [{ line_number: 1, amount: '0.01' }] }));
    const rest = await credit(invoice);
    expect(rest.line_items).toMatchObject([{ invoice_line_number: 2, total: '6.98' }]);
    notes.push(rest);
    expect(totalOf(notes)).toBe(invoice.total);
    for (const field of ['subtotal', 'discount_total', 'tax_total'] as const) {
      expect(formatFixed(sum(notes.map((note) => decimal(note[field]))), 2)).toBe(invoice[field]);
    }
    expect(await read(invoice)).toMatchObject({ status: 'paid', amount_due: '0.00' });
    const numbers = notes.map((note) => Number(note.credit_note_number?.slice(-6)));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  });

  test('in any parts, cut by chance, gives back exactly the total with its tax', async () => {
    const [cuts = []] = fc.sample(
      fc.array(fc.integer({ min: 1, max: 2004 }), { minLength: 8, maxLength: 8 }),
      {
        numRuns: 1,
        seed: 4217,
      },
    );
    const { invoice } = await septemberInvoice(suite);
    const notes: CreditNote[] = [];
    let credited = 0;
    for (const cut of [...new Set([...cuts, 2005])].sort((a, b) => a - b)) {
      const amount = render(BigInt(cut - credited), 2);
      notes.push(await credit(invoice, { lines: [{ line_number: 1, amount }] }));
      credited = cut;
    }
    notes.push(await credit(invoice, { lines: [{ line_number: 2, amount: '10.31' }] }));
    notes.push(await credit(invoice, { lines: [{ line_number: 2, amount: '0.01' }] }));
    expect(totalOf(notes)).toBe(invoice.total);
    expect(await read(invoice)).toMatchObject({ status: 'paid', amount_due: '0.00' });
  });

  test('beside a payment settles the rest, and an invoice that is paid can still be credited', async () => {
    const { invoice } = await septemberInvoice(suite);
    await pay(suite, invoice, '21.81');
    await credit(invoice, { lines: [{ line_number: 1, amount: '9.99' }] });
    expect(await read(invoice)).toMatchObject({ status: 'finalized', amount_due: '0.01' });
    await credit(invoice, { lines: [{ line_number: 1, amount: '0.01' }] });
    expect(await read(invoice)).toMatchObject({ status: 'paid', amount_due: '0.00' });
    await credit(invoice);
    expect(await read(invoice)).toMatchObject({ status: 'paid', credited_total: '32.52' });
  });

  test('of an invoice with a negative line: a part names positive lines, and never more than the invoice', async () => {
    const customer = await customerOf(suite);
    customer.send('-4', '2026-08-10T00:00:00Z');
    customer.send('10', '2026-09-10T00:00:00Z');
    await suite.drain();
    await customer.issue(8);
    const invoice = await customer.issue(9);
    expect(invoice.line_items.map(({ kind, total }) => `${kind} ${total}`)).toEqual([
      'usage 20.05',
      'carried -8.02',
    ]);
    expect(invoice.total).toBe('14.32');
    const part = (line_number: number, amount: string) =>
      credit(invoice, { lines: [{ line_number, amount }] });
    await expect(part(2, '1')).rejects.toEqual(code('invalid_request'));
    await expect(part(1, '20.05')).rejects.toMatchObject({
      code: 'credit_exceeds_invoice',
      message: /14\.32/,
    });
    const notes = [await part(1, '5'), await credit(invoice)];
    expect(notes[1]?.line_items).toMatchObject([{ total: '15.05' }, { total: '-8.02' }]);
    expect(totalOf(notes)).toBe('14.32');
  });
});

describe('a retry', () => {
  test('is answered with the note that its key made, whatever has become of the invoice', async () => {
    const { customer, invoice } = await septemberInvoice(suite);
    const request = { lines: [{ line_number: 2, amount: '1.5' }], reason: 'x', idempotency_key: 'me 1' };
    const made = await credit(invoice, request);
    await credit(invoice);
    expect(await credit(invoice, request)).toEqual(made);
    expect((await effectsOf(customer.organisation_id))[0]).toBe(2);
    for (const other of [{ reason: 'y' }, { lines: [{ line_number: 2, amount: '1.51' }] }, { lines: [] }]) {
      await expect(credit(invoice, { ...request, ...other })).rejects.toEqual(code('idempotency_key_reused'));
    }
    expect((await effectsOf(customer.organisation_id))[0]).toBe(2);
  });
});

test('20 credits race for one invoice: together they are at most its total, and their numbers have no gap', async () => {
  const { customer, invoice } = await septemberInvoice(suite);
  const seller = uuidv7(9);
  await suite.owner.query(
    `INSERT INTO billing_entities (id, legal_name, credit_note_series) VALUES ($1, 'Racer', 'RN')`,
    [seller],
  );
  await suite.owner.query('ALTER TABLE invoices DISABLE TRIGGER USER');
  await suite.owner.query('UPDATE invoices SET billing_entity_id = $2 WHERE id = $1', [invoice.id, seller]);
  await suite.owner.query('ALTER TABLE invoices ENABLE TRIGGER USER');
  const ctx = suite.ctx(NOW);
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, async (_, index) => {
      const ledger = ctx.openLedger();
      try {
        const lines = [{ line_number: 1, amount: `${1 + (index % 3)}.07` }];
        return await credit(invoice, { lines }, ledger);
      } finally {
        await ledger.close();
      }
    }),
  );
  const notes = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toEqual(code('credit_exceeds_invoice'));
  }
  expect(notes.length).toBeGreaterThan(5);
  expect(notes.length).toBeLessThan(20);
  expect(notes.map((note) => note.credit_note_number).sort()).toEqual(
    notes.map((_, index) => `RN-2026-${String(index + 1).padStart(6, '0')}`),
  );
  const rest = await credit(invoice);
  expect(totalOf([...notes, rest])).toBe(invoice.total);
  expect((await effectsOf(customer.organisation_id))[0]).toBe(notes.length + 1);
});

test('lists by invoice and status, and another organisation sees none of it', async () => {
  const { customer, invoice } = await septemberInvoice(suite);
  const notes: CreditNote[] = [];
  for (const line_number of [1, 2])
    notes.push(await credit(invoice, { lines: [{ line_number, amount: '1' }] }));
  const list = async (filter: Parameters<typeof listCreditNotes>[1]) =>
    (await listCreditNotes(suite.ctx(NOW), filter, { limit: 10, after: null })).data;
  const byId = (a: CreditNote, b: CreditNote): number => (a.id < b.id ? -1 : 1);
  expect(await list({ invoice_id: invoice.id })).toEqual(notes.toSorted(byId));
  expect(await list({ organisation_id: customer.organisation_id, status: 'proposed' })).toEqual([]);
  const other = await suite.addOrganisation();
  expect(await list({ organisation_id: other.organisation_id, invoice_id: invoice.id })).toEqual([]);
});
