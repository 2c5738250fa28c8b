import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decimal, formatFixed, sum } from '../../src/core/decimal.ts';
import { uuidv7 } from '../../src/core/id.ts';
import type { Ledger } from '../../src/db/ledger.ts';
import { cancelInvoice } from '../../src/invoicing/cancel-invoice.ts';
import { type CreateCreditNoteInput, createCreditNote } from '../../src/invoicing/create-credit-note.ts';
import { createInvoice } from '../../src/invoicing/create-invoice.ts';
import type { CreditNote } from '../../src/invoicing/credit-note.ts';
import { getCreditNote } from '../../src/invoicing/get-credit-note.ts';
import { getInvoice } from '../../src/invoicing/get-invoice.ts';
import type { Invoice } from '../../src/invoicing/invoice.ts';
import { issueCreditNote } from '../../src/invoicing/issue-credit-note.ts';
import { listCreditNotes } from '../../src/invoicing/list-credit-notes.ts';
import { countIn, customerOf, NOW, septemberInvoice, settleInGermany } from './credited-invoices.ts';
import { openSuite, type Suite } from './ledger-of-suite.ts';

let suite: Suite;
let count: ReturnType<typeof countIn>;
beforeAll(async () => {
  suite = await openSuite('credit_notes');
  count = countIn(suite);
  await settleInGermany(suite);
});
afterAll(() => suite.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const credit = (
  invoice: Pick<Invoice, 'id'>,
  fields: Partial<CreateCreditNoteInput> = {},
  ledger?: Ledger,
): Promise<CreditNote> =>
  createCreditNote(suite.ctx(NOW, ledger ? { ledger } : {}), {
    invoice_id: invoice.id,
    idempotency_key: null,
    ...fields,
  });
const read = (invoice: Invoice): Promise<Invoice> => getInvoice(suite.ctx(NOW), { id: invoice.id });
const totalOf = (notes: readonly CreditNote[]): string =>
  formatFixed(sum(notes.map((note) => decimal(note.total))), 2);

/** All that a credit note leaves behind. */
const effectsOf = async (organisation_id: string): Promise<number[]> => [
  await count('credit_notes', organisation_id),
  await count('credit_note_lines', organisation_id),
  await count('documents', organisation_id, `kind = 'credit_note'`),
  await count('outbox', organisation_id, `topic = 'credit_note.issued'`),
  await count('audit_logs', organisation_id, `action LIKE 'credit_note.%'`),
];
const NO_EFFECTS = [0, 0, 0, 0, 0];

async function pay({ organisation_id, id, currency }: Invoice, amount: string): Promise<void> {
  await suite.owner.query(
    `INSERT INTO payments (organisation_id, id, invoice_id, amount, currency, status, payment_method, applied_amount, paid_at)
     VALUES ($1, $2, $3, $4, $5, 'captured', 'offline', $4, now())`,
    [organisation_id, uuidv7(6), id, amount, currency],
  );
}

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
      errors: [{ pointer: '/lines/0/amount', detail: 'Of line 1 0.01 EUR is left.' }],
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

  test('beside a payment settles the rest, and an invoice that is paid can still be credited', async () => {
    const { invoice } = await septemberInvoice(suite);
    await pay(invoice, '21.81');
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

describe('refused, with nothing stored', () => {
  test('an unknown invoice, named by its place', async () => {
    const unknown = credit({ id: uuidv7(7) });
    await expect(unknown).rejects.toMatchObject({ code: 'not_found', errors: [{ pointer: '/invoice_id' }] });
    for (const id of [uuidv7(8), 'nothing']) {
      await expect(getCreditNote(suite.ctx(NOW), { id })).rejects.toEqual(code('not_found'));
      await expect(issueCreditNote(suite.ctx(NOW), { id })).rejects.toEqual(code('not_found'));
    }
  });

  test('a draft and a cancelled invoice', async () => {
    const customer = await customerOf(suite);
    customer.send('1', '2026-09-10T00:00:00Z');
    await suite.drain();
    const month = { organisation_id: customer.organisation_id, year: 2026, month: 9 };
    const draft = await createInvoice(suite.ctx(NOW), month);
    await expect(credit(draft)).rejects.toMatchObject({ code: 'invalid_state', message: /draft/ });
    await cancelInvoice(suite.ctx(NOW), { id: draft.id });
    await expect(credit(draft)).rejects.toMatchObject({ code: 'invalid_state', message: /cancelled/ });
    expect(await effectsOf(customer.organisation_id)).toEqual(NO_EFFECTS);
  });

  test('amounts that are none, and lines that are not there', async () => {
    const { customer, invoice } = await septemberInvoice(suite);
    const line = (amount: string, line_number = 1) => ({ line_number, amount });
    const table: [string, { line_number: number; amount: string }[], string, string][] = [
      ['no line', [], '/lines', 'too_small'],
      ['an unknown line', [line('1', 3)], '/lines/0/line_number', 'unknown_line'],
      ['a line twice', [line('1'), line('1')], '/lines/1/line_number', 'repeated'],
      ['no decimal', [line('1e1')], '/lines/0/amount', 'invalid_decimal'],
      ['too many decimals', [line('1', 2), line('1.000')], '/lines/1/amount', 'too_precise'],
      ['zero', [line('0.00')], '/lines/0/amount', 'not_positive'],
      ['less', [line('-1')], '/lines/0/amount', 'not_positive'],
    ];
    for (const [name, lines, pointer, fault] of table) {
      await expect(credit(invoice, { lines }), name).rejects.toMatchObject({
        code: 'invalid_request',
        errors: [{ pointer, code: fault }],
      });
    }
    const more = credit(invoice, { lines: [line('20.06')] });
    await expect(more).rejects.toEqual(code('credit_exceeds_invoice'));
    expect(await effectsOf(customer.organisation_id)).toEqual(NO_EFFECTS);
    expect(await read(invoice)).toEqual(invoice);
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
  const made = [1, 2].map(async (n) => credit(invoice, { lines: [{ line_number: n, amount: '1' }] }));
  const notes = [await made[0], await made[1]];
  const list = async (filter: Parameters<typeof listCreditNotes>[1]) =>
    (await listCreditNotes(suite.ctx(NOW), filter, { limit: 10, after: null })).data;
  const byId = (a: CreditNote | undefined, b: CreditNote | undefined) =>
    (a?.id ?? '') < (b?.id ?? '') ? -1 : 1;
  expect(await list({ invoice_id: invoice.id })).toEqual(notes.toSorted(byId));
  expect(await list({ organisation_id: customer.organisation_id, status: 'proposed' })).toEqual([]);
  const other = await suite.addOrganisation();
  expect(await list({ organisation_id: other.organisation_id, invoice_id: invoice.id })).toEqual([]);
});

test('the database itself keeps what is issued: neither note nor line changes, none is deleted, none exceeds', async () => {
  const { invoice } = await septemberInvoice(suite);
  const note = await credit(invoice, { lines: [{ line_number: 1, amount: '20' }] });
  const refusals: [string, RegExp][] = [
    [`UPDATE credit_notes SET total = 0, subtotal = 0, discount_total = 0, tax_total = 0`, /never changes/],
    [`UPDATE credit_notes SET status = 'proposed', credit_note_number = NULL`, /never changes/],
    [`UPDATE credit_notes SET reason = 'other'`, /never changes/],
    [`DELETE FROM credit_notes`, /never deleted/],
  ];
  for (const [sql, message] of refusals) {
    await expect(suite.owner.query(`${sql} WHERE id = $1`, [note.id]), sql).rejects.toThrow(message);
  }
  for (const sql of ['UPDATE credit_note_lines SET total = 1', 'DELETE FROM credit_note_lines']) {
    const change = suite.owner.query(`${sql} WHERE credit_note_id = $1`, [note.id]);
    await expect(change, sql).rejects.toThrow(/never change/);
  }
  const another = suite.owner.query(
    `INSERT INTO credit_notes SELECT (jsonb_populate_record(c, jsonb_build_object('id', $2::text, 'credit_note_number', 'X'))).*
     FROM credit_notes c WHERE id = $1`,
    [note.id, uuidv7(10)],
  );
  await expect(another).rejects.toThrow(/never exceed/);
  expect(await getCreditNote(suite.ctx(NOW), { id: note.id })).toEqual({ ...note, adjustments: [] });
  await expect(issueCreditNote(suite.ctx(NOW), { id: note.id })).rejects.toEqual(code('invalid_state'));
});

test('an invoice with an issued credit note or a payment is not cancelled', async () => {
  const { invoice } = await septemberInvoice(suite);
  await credit(invoice, { lines: [{ line_number: 1, amount: '1' }] });
  const cancelled = cancelInvoice(suite.ctx(NOW), { id: invoice.id });
  await expect(cancelled).rejects.toMatchObject({ code: 'invalid_state', message: /credit note/ });
  const { invoice: paid } = await septemberInvoice(suite);
  await pay(paid, '1.00');
  const refused = cancelInvoice(suite.ctx(NOW), { id: paid.id });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_state', message: /payment/ });
  for (const each of [invoice, paid]) expect((await read(each)).status).toBe('finalized');
});
