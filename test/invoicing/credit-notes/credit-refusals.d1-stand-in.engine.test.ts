import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidv7 } from '../../../src/core/id.ts';
import { cancelInvoice } from '../../../src/invoicing/cancel-invoice.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { getCreditNote } from '../../../src/invoicing/credit-notes/get-credit-note.ts';
import { issueCreditNote } from '../../../src/invoicing/credit-notes/issue-credit-note.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import type { Invoice } from '../../../src/invoicing/invoice.ts';
import { openSuite, type Suite } from '../ledger-of-suite.ts';
import {
  creditIn,
  customerOf,
  effectsIn,
  NOW,
  pay,
  septemberInvoice,
  settleInGermany,
} from './credited-invoices.ts';

let suite: Suite;
let credit: ReturnType<typeof creditIn>;
let effectsOf: ReturnType<typeof effectsIn>;
beforeAll(async () => {
  suite = await openSuite('credit_refusals');
  credit = creditIn(suite);
  effectsOf = effectsIn(suite);
  await settleInGermany(suite);
});
afterAll(() => suite.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const read = (invoice: Invoice): Promise<Invoice> => getInvoice(suite.ctx(NOW), { id: invoice.id });

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
    expect(await effectsOf(customer.organisation_id)).toEqual([0, 0, 0, 0, 0]);
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
    expect(await effectsOf(customer.organisation_id)).toEqual([0, 0, 0, 0, 0]);
    expect(await read(invoice)).toEqual(invoice);
  });
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
  await pay(suite, paid, '1.00');
  const refused = cancelInvoice(suite.ctx(NOW), { id: paid.id });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_state', message: /payment/ });
  for (const each of [invoice, paid]) expect((await read(each)).status).toBe('finalized');
});
