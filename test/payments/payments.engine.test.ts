/** Payments recorded by hand, over HTTP: what they settle, once, and what is left. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashKey } from '../../src/access/key.ts';
import { decimal, formatFixed, sum } from '../../src/core/decimal.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../http/wire.ts';
import { adminKey, connectOwner } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Json } from '../setup/world.ts';
import { addCreditNote, addInvoice, type InvoiceFields, readBooks } from './invoices.ts';

const PATH = '/v1/admin/payments';

let owner: pg.Client;
beforeAll(async () => {
  owner = await connectOwner();
});
afterAll(() => owner.end());

async function invoiceOf(fields: Omit<InvoiceFields, 'organisation_id'> = {}): Promise<string> {
  const { body } = await world.post('/v1/admin/organisations', {
    name: 'Payer',
    billing_email: 'payer@example.com',
    currency: fields.currency ?? 'USD',
  });
  return await addInvoice(owner, { organisation_id: body.id, ...fields });
}

const pay = (
  invoice_id: string,
  fields: Record<string, unknown> = {},
  key: string | null = randomUUID(),
  caller = adminKey,
) =>
  ask(PATH, {
    key: caller,
    json: { invoice_id, method: 'offline', amount: '100.00', currency: 'USD', ...fields },
    headers: key === null ? {} : { 'idempotency-key': key },
  });

const stateOf = (invoiceId: string) => readBooks(owner, invoiceId);
const NOTHING = { status: 'finalized', paid_at: null, payments: [], audit: [], outbox: [] };

describe('a payment', () => {
  test('in full settles the invoice: its moment, its audit rows and its message', async () => {
    const invoice = await invoiceOf();
    const paid_at = '2026-03-01T10:00:00.000Z';
    const { status, body } = await pay(invoice, { paid_at, reference: 'UTR 4711' });
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject({
      invoice_id: invoice,
      amount: '100.00',
      applied_amount: '100.00',
      unapplied_amount: '0.00',
      currency: 'USD',
      status: 'captured',
      payment_method: 'offline',
      reference: 'UTR 4711',
      paid_at,
      refund_amount: '0.00',
    });
    expect(await stateOf(invoice)).toEqual({
      status: 'paid',
      paid_at,
      payments: [body.id],
      audit: ['payment.create', 'invoice.paid'],
      outbox: [
        {
          topic: 'invoice.paid',
          payload: expect.objectContaining({ invoice_id: invoice, payment_id: body.id, paid_at }),
        },
      ],
    });
    expect((await ask(`${PATH}/${body.id}`)).body).toEqual(body);
  });

  test('in part leaves the rest due, and the invoice is paid from the latest moment of payment', async () => {
    const invoice = await invoiceOf();
    await pay(invoice, { amount: '30', paid_at: '2026-03-05' });
    expect(await stateOf(invoice)).toMatchObject({ status: 'finalized', paid_at: null, outbox: [] });
    const rest = await pay(invoice, { amount: '70.5', paid_at: '2026-03-02T00:00:00Z' });
    expect(rest.body).toMatchObject({ amount: '70.50', applied_amount: '70.00', unapplied_amount: '0.50' });
    const state = await stateOf(invoice);
    expect(state).toMatchObject({ status: 'paid', paid_at: '2026-03-05T00:00:00.000Z' });
    expect(state.audit).toEqual(['payment.create', 'payment.create', 'invoice.paid']);
  });

  test('of a paid invoice is wholly unapplied, and settles nothing twice', async () => {
    const invoice = await invoiceOf();
    await pay(invoice);
    const before = await stateOf(invoice);
    const { body } = await pay(invoice, { amount: '5.00' });
    expect(body).toMatchObject({ status: 'captured', applied_amount: '0.00', unapplied_amount: '5.00' });
    const after = await stateOf(invoice);
    expect(after.outbox).toEqual(before.outbox);
    expect(after.audit).toEqual([...before.audit, 'payment.create']);
    expect(after.paid_at).toBe(before.paid_at);
  });

  test('owes what credit notes have left, and proposals count for nothing', async () => {
    const invoice = await invoiceOf();
    await addCreditNote(owner, invoice, '20.00', 'issued');
    await addCreditNote(owner, invoice, '50.00', 'proposed');
    const { body } = await pay(invoice, { amount: '81.00' });
    expect(body).toMatchObject({ applied_amount: '80.00', unapplied_amount: '1.00' });
    expect((await stateOf(invoice)).status).toBe('paid');
  });

  test.each([
    ['JPY', '1500', '500', '1000', '0', '1.0'],
    ['KWD', '1.500', '0.5', '1.00', '0.000', '0.0001'],
  ])('in %s has its decimals', async (currency, total, first, second, rest, refused) => {
    const invoice = await invoiceOf({ currency, total });
    const faults = await pay(invoice, { currency, amount: refused });
    expect(problemOf(faults, 422).pointers).toEqual(['/amount']);
    const fixed = (amount: string) => formatFixed(decimal(amount), currency === 'JPY' ? 0 : 3);
    for (const amount of [first, second]) {
      const { body } = await pay(invoice, { currency, amount });
      expect(body).toMatchObject({
        amount: fixed(amount),
        applied_amount: fixed(amount),
        unapplied_amount: rest,
      });
    }
    expect((await stateOf(invoice)).status).toBe('paid');
  });
});

describe('refused, and nothing of it is stored', () => {
  test.each<[string, Record<string, unknown>, number, string, string[]]>([
    ['another currency', { currency: 'EUR' }, 422, 'currency_mismatch', ['/currency']],
    ['nothing', { amount: '0' }, 422, 'invalid_request', ['/amount']],
    ['a negative amount', { amount: '-1.00' }, 422, 'invalid_request', ['/amount']],
    ['a fraction of a cent', { amount: '1.005' }, 422, 'invalid_request', ['/amount']],
    ['a number', { amount: 100 }, 422, 'invalid_request', ['/amount']],
    ['tomorrow', { paid_at: Date.now() + 86_400_000 }, 422, 'invalid_request', ['/paid_at']],
    ['another method', { method: 'card' }, 422, 'invalid_request', ['/method']],
    ['a long reference', { reference: 'x'.repeat(256) }, 422, 'invalid_request', ['/reference']],
    ['a field of its own', { note: 'x' }, 422, 'invalid_request', ['/note']],
    ['an unknown invoice', { invoice_id: UNKNOWN_ID }, 404, 'not_found', ['/invoice_id']],
  ])('%s', async (_, fields, status, code, pointers) => {
    const invoice = await invoiceOf();
    const answer = await pay(invoice, fields);
    expect(problemOf(answer, status)).toEqual({ code, pointers });
    expect(await stateOf(invoice)).toEqual(NOTHING);
  });

  test.each(['draft', 'cancelled', 'refunded'] as const)('a payment of a %s invoice', async (status) => {
    const invoice = await invoiceOf({ status });
    expect(problemOf(await pay(invoice), 409).code).toBe('invalid_state');
    expect(await stateOf(invoice)).toEqual({ ...NOTHING, status });
  });

  test('a payment without an Idempotency-Key', async () => {
    const invoice = await invoiceOf();
    expect(problemOf(await pay(invoice, {}, null), 400).code).toBe('idempotency_key_required');
    expect(await stateOf(invoice)).toEqual(NOTHING);
  });
});

describe('a retry', () => {
  test('gets the same answer, and another body with its key is refused', async () => {
    const [invoice, key] = [await invoiceOf(), randomUUID()];
    const first = await pay(invoice, { amount: '10.00' }, key);
    const again = await pay(invoice, { amount: '10.00' }, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await pay(invoice, { amount: '20.00' }, key);
    expect(problemOf(other, 422).code).toBe('idempotency_key_reused');
    expect((await stateOf(invoice)).payments).toEqual([first.body.id]);
  });

  test.each([
    [
      'the answer was lost with its request',
      `UPDATE idempotency_keys SET status = NULL, body = NULL,
       locked_until = now() - interval '1 s' WHERE key = $1`,
    ],
    ['the key is gone', 'DELETE FROM idempotency_keys WHERE key = $1'],
    [
      'the key is of another month',
      `UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE key = $1`,
    ],
  ])('finds the payment again where %s', async (_, damage) => {
    const [invoice, key] = [await invoiceOf(), randomUUID()];
    const first = await pay(invoice, {}, key);
    const before = await stateOf(invoice);
    await owner.query(damage, [key]);
    const again = await pay(invoice, {}, key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect(await stateOf(invoice)).toEqual(before);
  });

  test('whose key has made another payment is refused for ever', async () => {
    const [invoice, key] = [await invoiceOf(), randomUUID()];
    await pay(invoice, { amount: '10.00' }, key);
    await owner.query('DELETE FROM idempotency_keys WHERE key = $1', [key]);
    const other = await pay(invoice, { amount: '11.00' }, key);
    expect(problemOf(other, 422).code).toBe('idempotency_key_reused');
    expect((await stateOf(invoice)).payments).toHaveLength(1);
  });
});

test('two callers who chose the same key have each recorded a payment', async () => {
  const [invoice, key, second] = [await invoiceOf(), randomUUID(), `mb_admin_second_${randomUUID()}`];
  await owner.query(
    `INSERT INTO admin_api_keys (id, user_id, key_hash, prefix, name)
     SELECT $1, id, $2, 'mb_admin_', 'Second' FROM admin_users LIMIT 1`,
    [randomUUID(), hashKey(second)],
  );
  const [ours, theirs] = [await pay(invoice, {}, key), await pay(invoice, {}, key, second)];
  expect([ours.status, theirs.status]).toEqual([201, 201]);
  expect((await stateOf(invoice)).payments).toEqual([ours.body.id, theirs.body.id].sort());
});

describe('at once', () => {
  test('twenty of one key are one payment', async () => {
    const [invoice, key] = [await invoiceOf(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 20 }, () => pay(invoice, {}, key)));
    const { payments, audit, outbox } = await stateOf(invoice);
    expect(payments).toHaveLength(1);
    expect([audit.length, outbox.length]).toEqual([2, 1]);
    for (const answer of answers) {
      if (answer.status === 201) expect(answer.body.id).toBe(payments[0]);
      else expect(problemOf(answer, 409).code).toBe('idempotency_key_in_flight');
    }
    expect(answers.some(({ status }) => status === 201)).toBe(true);
  });

  test('twenty payments of one invoice apply its total exactly, and settle it once', async () => {
    const invoice = await invoiceOf();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => pay(invoice, { amount: `${i + 1}.37` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(201));
    const total = (field: string) =>
      formatFixed(sum(answers.map(({ body }) => decimal(body[field] as string))), 2);
    expect(total('applied_amount')).toBe('100.00');
    expect(total('amount')).toBe('217.40');
    expect(total('unapplied_amount')).toBe('117.40');
    const state = await stateOf(invoice);
    expect(state.status).toBe('paid');
    expect(state.audit.filter((action) => action === 'invoice.paid')).toHaveLength(1);
    expect(state.outbox).toHaveLength(1);
  });
});

test('lists are of one organisation, invoice or status, in pages', async () => {
  const invoice = await invoiceOf();
  const other = await invoiceOf();
  const made: Json[] = [];
  for (const amount of ['1.00', '2.00', '3.00']) made.push((await pay(invoice, { amount })).body);
  await pay(other);
  const [{ organisation_id }] = made;
  const list = async (query: string) => (await ask(`${PATH}?${query}`)).body;
  expect((await list(`organisation_id=${organisation_id}`)).data).toHaveLength(3);
  expect((await list(`invoice_id=${other}`)).data).toHaveLength(1);
  expect((await list(`invoice_id=${invoice}&status=captured`)).data).toHaveLength(3);
  expect((await list(`invoice_id=${invoice}&status=failed`)).data).toEqual([]);
  const first = await list(`invoice_id=${invoice}&limit=2`);
  const second = await list(`invoice_id=${invoice}&limit=2&cursor=${first.next_cursor}`);
  const ids = [...first.data, ...second.data].map((payment: Json) => payment.id);
  expect(ids.sort()).toEqual(made.map(({ id }) => id).sort());
  expect(second.next_cursor).toBeNull();
  expect(problemOf(await ask(`${PATH}?status=lost`), 422).pointers).toEqual(['?status']);
});
