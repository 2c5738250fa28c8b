/** Credit notes over HTTP: one per key, with errors that point to their field, and never across tenants. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, world } from '../../http/wire.ts';
import { addInvoice } from '../../payments/invoices.ts';
import { adminKey, connectOwner } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Json } from '../../setup/world.ts';

const PATH = '/v1/admin/credit-notes';

let owner: pg.Client;
beforeAll(async () => {
  owner = await connectOwner();
});
afterAll(() => owner.end());

/** An issued invoice with one line of 100.00, for a new organisation. */
async function issuedInvoice(): Promise<{ organisation_id: string; invoice_id: string }> {
  const { body } = await world.post('/v1/admin/organisations', {
    name: 'Credited',
    billing_email: 'credited@example.com',
    currency: 'USD',
  });
  const organisation_id: string = body.id;
  const plan = await world.post('/v1/admin/pricing-plans', {
    organisation_id,
    metric_name: 'calls',
    unit: '',
    currency: 'USD',
    charge_model: 'per_unit',
    price_per_unit: '1',
    effective_from: '2020-01-01',
  });
  const invoice_id = await addInvoice(owner, { organisation_id, status: 'draft' });
  await owner.query(
    `INSERT INTO invoice_line_items (organisation_id, id, invoice_id, line_number, kind, description, metric_name, unit,
       quantity, total, currency, discount_amount, tax_amount, pricing_plan_id, year, month, first_day, last_day,
       carried_quantity, by_project, event_count)
     VALUES ($1, $2, $3, 1, 'usage', 'calls', 'calls', '', 100, '100.00', 'USD', '0.00', '0.00', $4, 2026, 1, '2026-01-01',
       '2026-01-31', 0, '[]', 0)`,
    [organisation_id, randomUUID(), invoice_id, plan.body.id],
  );
  await owner.query(
    `UPDATE invoices SET status = 'finalized', invoice_number = 'TEST-' || id, issued_at = '2026-02-03T00:00:00Z'
     WHERE id = $1`,
    [invoice_id],
  );
  return { organisation_id, invoice_id };
}

const credit = (json: Json, key?: string, caller = adminKey) =>
  ask(PATH, { key: caller, json, headers: key === undefined ? {} : { 'idempotency-key': key } });
const notesOf = async (organisation_id: string): Promise<Json[]> =>
  (await world.get(`${PATH}?organisation_id=${organisation_id}`)).body.data;

test('a key is answered once: the same body again with the same note, another body is refused', async () => {
  const { organisation_id, invoice_id } = await issuedInvoice();
  const key = randomUUID();
  const json = { invoice_id, lines: [{ line_number: 1, amount: '40' }], reason: 'Outage' };
  const first = await credit(json, key);
  expect(first.status, JSON.stringify(first.body)).toBe(201);
  expect(first.body).toMatchObject({ invoice_id, status: 'issued', total: '40.00', reason: 'Outage' });
  const again = await credit(json, key);
  expect(again).toMatchObject({ status: 201, body: first.body });
  expect((await credit({ ...json, reason: 'Other' }, key)).body).toMatchObject({
    status: 422,
    code: 'idempotency_key_reused',
  });
  // The stored answer is gone, but the note is not: the verb recognises its own key.
  await owner.query('DELETE FROM idempotency_keys WHERE key = $1', [key]);
  expect(await credit(json, key)).toMatchObject({ status: 201, body: first.body });
  expect(await notesOf(organisation_id)).toEqual([first.body]);

  const invoice = await world.get(`/v1/admin/invoices/${invoice_id}`);
  expect(invoice.body).toMatchObject({ credited_total: '40.00', amount_due: '60.00' });
  const read = await world.get(`${PATH}/${first.body.id}`);
  expect(read.body).toEqual({ ...first.body, adjustments: [] });
  const issued = await world.post(`${PATH}/${first.body.id}/issue`);
  expect(issued).toMatchObject({ status: 409, body: { code: 'invalid_state' } });
});

test('what is wrong is refused by its place, and nothing is stored', async () => {
  const { organisation_id, invoice_id } = await issuedInvoice();
  const line = { line_number: 1, amount: '1' };
  const table: [string, Json, number, string, string | undefined][] = [
    ['an unknown field', { invoice_id, total: '1' }, 422, 'invalid_request', undefined],
    [
      'an amount that is a number',
      { invoice_id, lines: [{ ...line, amount: 1 }] },
      422,
      'invalid_request',
      '/lines/0/amount',
    ],
    ['no line', { invoice_id, lines: [] }, 422, 'invalid_request', '/lines'],
    [
      'three decimals',
      { invoice_id, lines: [{ ...line, amount: '1.000' }] },
      422,
      'invalid_request',
      '/lines/0/amount',
    ],
    [
      'one unit more',
      { invoice_id, lines: [{ ...line, amount: '100.01' }] },
      422,
      'credit_exceeds_invoice',
      '/lines/0/amount',
    ],
    ['an unknown invoice', { invoice_id: randomUUID() }, 404, 'not_found', '/invoice_id'],
  ];
  for (const [name, json, status, code, pointer] of table) {
    const { body } = await credit(json);
    expect(body, name).toMatchObject({ status, code });
    if (pointer !== undefined) expect(body.errors[0]?.pointer, name).toBe(pointer);
  }
  expect(await notesOf(organisation_id)).toEqual([]);
  const invoice = await world.get(`/v1/admin/invoices/${invoice_id}`);
  expect(invoice.body).toMatchObject({ status: 'finalized', credited_total: '0.00' });
});

test('a list is of one organisation, and a project key reaches none of it', async () => {
  const [one, other] = [await issuedInvoice(), await issuedInvoice()];
  const { body } = await credit({ invoice_id: one.invoice_id });
  expect(await notesOf(one.organisation_id)).toEqual([body]);
  expect(await notesOf(other.organisation_id)).toEqual([]);
  const tenant = await world.tenant();
  for (const path of [PATH, `${PATH}/${body.id}`]) {
    expect((await world.get(path, tenant.key)).status).toBe(401);
  }
  expect((await credit({ invoice_id: other.invoice_id }, undefined, tenant.key)).status).toBe(401);
  expect(await notesOf(other.organisation_id)).toEqual([]);
});
