import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decimal, formatFixed, subtract, sum } from '../../../src/core/decimal.ts';
import { uuidv7 } from '../../../src/core/id.ts';
import { cancelInvoice } from '../../../src/invoicing/cancel-invoice.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { createCreditNote } from '../../../src/invoicing/credit-notes/create-credit-note.ts';
import type { CreditNoteDetail } from '../../../src/invoicing/credit-notes/credit-note.ts';
import { getCreditNote } from '../../../src/invoicing/credit-notes/get-credit-note.ts';
import { issueCreditNote } from '../../../src/invoicing/credit-notes/issue-credit-note.ts';
import { listCreditNotes } from '../../../src/invoicing/credit-notes/list-credit-notes.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import type { Invoice } from '../../../src/invoicing/invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { listInvoices } from '../../../src/invoicing/list-invoices.ts';
import { regenerateInvoice } from '../../../src/invoicing/regenerate-invoice.ts';
import { runInvoicing } from '../../../src/invoicing/run-invoicing.ts';
import { openSuite, type Suite } from '../ledger-of-suite.ts';
import { type Customer, countIn, customerOf, NOW, settleInGermany } from './credited-invoices.ts';

let suite: Suite;
let count: ReturnType<typeof countIn>;
beforeAll(async () => {
  suite = await openSuite('credit_proposals');
  count = countIn(suite);
  await settleInGermany(suite);
});
afterAll(() => suite.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const OPEN = 'invoice_id IS NULL AND credit_note_id IS NULL';
const run = () => runInvoicing(suite.ctx(NOW), { as_of: Date.parse(NOW), hasTime: () => true });
const notesOf = async (invoice: Pick<Invoice, 'id'>): Promise<CreditNoteDetail[]> => {
  const { data } = await listCreditNotes(
    suite.ctx(NOW),
    { invoice_id: invoice.id },
    { limit: 10, after: null },
  );
  const notes = [];
  for (const { id } of data) notes.push(await getCreditNote(suite.ctx(NOW), { id }));
  return notes;
};
const briefOf = ({ line_items }: CreditNoteDetail): string[] =>
  line_items.map((line) => `${line.invoice_line_number}: ${line.quantity} ${line.total}`);
const linesOf = ({ line_items }: Invoice): string[] =>
  line_items.map((line) => `${line.kind} ${line.quantity} ${line.total}`);

/** September with 10 calls at 2.005, 20.05 and 23.86 with VAT. */
async function september(quantity = '10'): Promise<{ customer: Customer; invoice: Invoice }> {
  const customer = await customerOf(suite);
  customer.send(quantity, '2026-09-10T00:00:00Z');
  await suite.drain();
  return { customer, invoice: await customer.issue(9) };
}
async function late({ send }: Customer, quantity: string, day = '2026-09-20'): Promise<void> {
  send(quantity, `${day}T00:00:00Z`);
  await suite.drain();
}

describe('late usage that lowers an issued invoice', () => {
  test('becomes its proposal by the job, with no draft for it, and a credit note when it is issued', async () => {
    const { customer, invoice } = await september();
    const { organisation_id } = customer;
    await late(customer, '-3');
    await late(customer, '-1', '2026-09-21');
    expect(await run()).toMatchObject({ status: 'succeeded', proposed: 1, drafted: 0, refused: [] });
    const [note, ...others] = await notesOf(invoice);
    expect(others).toEqual([]);
    expect(note).toMatchObject({
      status: 'proposed',
      origin: 'late_usage',
      credit_note_number: null,
      issued_at: null,
      subtotal: '8.02',
      tax_total: '1.52',
      total: '9.54',
      taxes: [{ name: 'VAT', country: 'DE', rate: '19', taxable_amount: '8.02', amount: '1.52' }],
      line_items: [
        {
          line_number: 1,
          invoice_line_number: 1,
          description: 'Credit for 2026-09: calls, price from 2020-01-01',
          quantity: '-4',
          carried_quantity: '0',
          original_amount: '8.02',
          total: '8.02',
        },
      ],
      adjustments: [
        { kind: 'late', quantity: '-3.000000000000', day: '2026-09-20' },
        { kind: 'late', quantity: '-1.000000000000', day: '2026-09-21' },
      ].map(({ kind, day }) => ({ kind, day })),
    });
    expect(await count('usage_adjustments', organisation_id, OPEN)).toBe(0);
    expect(await count('documents', organisation_id, `kind = 'credit_note'`)).toBe(0);
    expect(await count('outbox', organisation_id, `topic = 'credit_note.issued'`)).toBe(0);
    expect(await getInvoice(suite.ctx(NOW), { id: invoice.id })).toMatchObject({ credited_total: '0.00' });
    expect(await run()).toMatchObject({ proposed: 0, drafted: 0 });

    const issued = await issueCreditNote(suite.ctx(NOW), { id: note?.id ?? '' });
    const { adjustments: _, ...proposed } = note ?? { adjustments: [] };
    expect(issued).toEqual({
      ...proposed,
      status: 'issued',
      credit_note_number: expect.stringMatching(/^CN-2026-\d{6}$/),
      issued_at: '2026-11-20T12:00:00.000Z',
      updated_at: '2026-11-20T12:00:00.000Z',
    });
    expect(await getInvoice(suite.ctx(NOW), { id: invoice.id })).toMatchObject({
      status: 'finalized',
      credited_total: '9.54',
      amount_due: '14.32',
    });
    expect(await count('outbox', organisation_id, `topic = 'credit_note.issued'`)).toBe(1);
    expect(await count('audit_logs', organisation_id, `action = 'credit_note.propose'`)).toBe(1);
    expect(await count('audit_logs', organisation_id, `action = 'credit_note.issue'`)).toBe(1);
    await expect(issueCreditNote(suite.ctx(NOW), { id: issued.id })).rejects.toEqual(code('invalid_state'));
    const change = suite.owner.query(`UPDATE credit_note_lines SET total = 1 WHERE credit_note_id = $1`, [
      issued.id,
    ]);
    await expect(change).rejects.toThrow(/never change/);
  });

  test('again and up again: all of it together charges what the net quantity would', async () => {
    const { customer, invoice } = await september();
    await late(customer, '-3');
    await run();
    await late(customer, '-2');
    await run();
    const [grown] = await notesOf(invoice);
    expect(grown && briefOf(grown)).toEqual(['1: -3 6.01', '1: -2 4.01']);
    await issueCreditNote(suite.ctx(NOW), { id: grown?.id ?? '' });
    await late(customer, '-1');
    await run();
    const notes = await notesOf(invoice);
    expect(notes.map(({ status }) => status).sort()).toEqual(['issued', 'proposed']);
    await late(customer, '7.5');
    expect(await run()).toMatchObject({ proposed: 0, drafted: 1 });
    const { organisation_id } = customer;
    const page = { limit: 2, after: null };
    const { data } = await listInvoices(suite.ctx(NOW), { organisation_id, month: 10 }, page);
    expect(data.map(linesOf)).toEqual([['late 7.5 15.04']]);
    // 11.5 at 2.005 are 23.0575.
    const lines = [invoice, ...data].flatMap((each) => each.line_items);
    const charged = sum(lines.map((line) => decimal(line.total)));
    const back = sum(notes.flatMap((note) => note.line_items.map((line) => decimal(line.total))));
    expect(formatFixed(subtract(charged, back), 2)).toBe('23.06');
  });

  test('below zero gives all of it back, and its rest goes on to the next month', async () => {
    const { customer, invoice } = await september();
    await late(customer, '-14');
    customer.send('10', '2026-10-10T00:00:00Z');
    await suite.drain();
    const october = await customer.issue(10);
    const [note] = await notesOf(invoice);
    expect(note && briefOf(note)).toEqual(['1: -14 20.05']);
    expect(note).toMatchObject({ total: invoice.total, line_items: [{ carried_quantity: '-4' }] });
    expect(linesOf(october)).toEqual(['usage 10 20.05', 'carried -4 -8.02']);
    const refused = cancelInvoice(suite.ctx(NOW), { id: invoice.id });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_state', message: /carried/ });
    await cancelInvoice(suite.ctx(NOW), { id: october.id });
    await cancelInvoice(suite.ctx(NOW), { id: invoice.id });
    expect(await notesOf(invoice)).toEqual([]);
    const again = await customer.issue(9);
    expect(linesOf(again)).toEqual(['usage 10 20.05']);
    // The late usage is open again, and what the withdrawn proposal carried over is void.
    expect(linesOf(await customer.issue(10))).toEqual(['usage 10 20.05', 'carried -4 -8.02']);
    expect((await notesOf(again)).map(briefOf)).toEqual([['1: -14 20.05']]);
  });

  test('takes what a draft had claimed with it, and the draft loses it', async () => {
    const { customer, invoice } = await september();
    const { organisation_id } = customer;
    await late(customer, '2');
    customer.send('1', '2026-10-01T00:00:00Z');
    await suite.drain();
    const draft = await createInvoice(suite.ctx(NOW), { organisation_id, year: 2026, month: 10 });
    expect(linesOf(draft)).toEqual(['usage 1 2.01', 'late 2 4.01']);
    await late(customer, '-5');
    const regenerated = await regenerateInvoice(suite.ctx(NOW), { id: draft.id });
    expect(linesOf(regenerated)).toEqual(['usage 1 2.01']);
    const [note] = await notesOf(invoice);
    expect(note && briefOf(note)).toEqual(['1: -3 6.01']);
    expect(note?.adjustments).toHaveLength(2);
    const issued = await finalizeInvoice(suite.ctx(NOW), { id: draft.id });
    expect(linesOf(issued)).toEqual(['usage 1 2.01']);
    expect(await count('usage_adjustments', organisation_id, OPEN)).toBe(0);
  });

  test('and alone makes no invoice by hand either: nothing of it is stored', async () => {
    const { customer, invoice } = await september();
    const { organisation_id } = customer;
    await late(customer, '-1');
    const made = createInvoice(suite.ctx(NOW), { organisation_id, year: 2026, month: 10 });
    await expect(made).rejects.toEqual(code('nothing_to_invoice'));
    expect(await notesOf(invoice)).toEqual([]);
    expect(await count('usage_adjustments', organisation_id, OPEN)).toBe(1);
    expect(await count('audit_logs', organisation_id, `action = 'credit_note.propose'`)).toBe(0);
    await run();
    expect((await notesOf(invoice)).map(briefOf)).toEqual([['1: -1 2.00']]);
    expect(await count('invoices', organisation_id)).toBe(1);
  });

  test('goes back by the newest line first; the older invoice is not cancelled before the newer', async () => {
    const { customer, invoice } = await september();
    await late(customer, '3');
    const october = await customer.issue(10, '2026-11-20T12:00:01Z');
    expect(linesOf(october)).toEqual(['late 3 6.02']);
    await late(customer, '-5');
    expect(await run()).toMatchObject({ proposed: 2 });
    expect((await notesOf(october)).map(briefOf)).toEqual([['1: -5 6.02']]);
    expect((await notesOf(invoice)).map(briefOf)).toEqual([['1: 0 4.01']]);
    const refused = cancelInvoice(suite.ctx(NOW), { id: invoice.id });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_state', message: /later invoice/ });
    await cancelInvoice(suite.ctx(NOW), { id: october.id });
    expect(await notesOf(october)).toEqual([]);
    // 3 more and 5 less are open again. Next to the remaining 4.01 they change nothing.
    expect(linesOf(await customer.issue(10))).toEqual(['late -2 0.00']);
    const [standing] = await notesOf(invoice);
    const { total } = await issueCreditNote(suite.ctx(NOW), { id: standing?.id ?? '' });
    expect(total).toBe('4.77');
  });

  test('takes no more than other credit notes have left, and a proposal of nothing still takes up the usage', async () => {
    const { customer, invoice } = await september();
    const ctx = suite.ctx(NOW);
    const lines = [{ line_number: 1, amount: '18' }];
    await createCreditNote(ctx, { invoice_id: invoice.id, lines, idempotency_key: null });
    await late(customer, '-3');
    await run();
    const proposal = async () => (await notesOf(invoice)).find((note) => note.status === 'proposed');
    expect(await proposal()).toMatchObject({
      total: '2.44',
      line_items: [{ quantity: '-3', original_amount: '6.01', total: '2.05' }],
    });
    const more = createCreditNote(ctx, { invoice_id: invoice.id, idempotency_key: null });
    await expect(more).rejects.toEqual(code('credit_exceeds_invoice'));
    const issued = await issueCreditNote(ctx, { id: (await proposal())?.id ?? '' });
    expect(await getInvoice(ctx, { id: invoice.id })).toMatchObject({
      status: 'paid',
      credited_total: invoice.total,
    });
    await late(customer, '-1');
    await run();
    const nothing = await proposal();
    expect(nothing).toMatchObject({ total: '0.00', line_items: [{ quantity: '-1', total: '0.00' }] });
    expect((await issueCreditNote(ctx, { id: nothing?.id ?? '' })).credit_note_number).not.toBe(
      issued.credit_note_number,
    );
    expect(await count('usage_adjustments', customer.organisation_id, OPEN)).toBe(0);
  });

  test('of a line in another currency goes back at the rate of its invoice, to zero exactly', async () => {
    const customer = await customerOf(suite);
    const { organisation_id } = customer;
    await suite.addPlan({ organisation_id, metric_name: 'dollars', unit: '', price_per_unit: '1' });
    const rate = async (value: string, from: string, to: string | null): Promise<void> => {
      await suite.owner.query(
        `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, effective_to, source)
         VALUES ($1, 'USD', 'EUR', $2, $3, $4, 'manual')`,
        [uuidv7(11), value, from, to],
      );
    };
    await rate('0.333', '2026-01-01', '2026-11-20T18:00:00Z');
    customer.send('10', '2026-09-10T00:00:00Z', 'dollars');
    await suite.drain();
    const invoice = await customer.issue(9);
    expect(invoice.line_items).toMatchObject([
      { total: '3.33', original_amount: '10', exchange_rate: '0.333' },
    ]);
    await rate('0.9', '2026-11-20T18:00:00Z', null);
    const later = '2026-11-20T20:00:00Z';
    const input = { as_of: Date.parse(later), hasTime: () => true };
    for (const quantity of ['-0.5', '-0.5', '-2', '-7']) {
      customer.send(quantity, '2026-09-20T00:00:00Z', 'dollars');
      await suite.drain();
      expect(await runInvoicing(suite.ctx(later), input)).toMatchObject({ proposed: 1 });
    }
    const [note] = await notesOf(invoice);
    expect(note && briefOf(note)).toEqual(['1: -0.5 0.17', '1: -0.5 0.16', '1: -2 0.67', '1: -7 2.33']);
    expect(note?.line_items.map((line) => line.original_amount)).toEqual(['0.5', '0.5', '2', '7']);
    expect(note?.total).toBe(invoice.total);
    const issued = await issueCreditNote(suite.ctx(later), { id: note?.id ?? '' });
    const { rows } = await suite.owner.query('SELECT model FROM documents WHERE subject_id = $1', [
      issued.id,
    ]);
    expect(rows[0].model.lines[3]).toMatchObject({
      quantity: '7',
      original_currency: 'USD',
      original_amount: '7',
      exchange_rate: '0.333',
      amount: '2.33',
    });
    expect(rows[0].model.conversions).toMatchObject([{ original_currency: 'USD', exchange_rate: '0.333' }]);
  });
});
