/**
 * A customer's year from May 2025 to April 2026: a price that changes within a month, a price in another
 * currency, late usage up and down, credit notes, a change of currency, both daylight-saving changes, and the
 * turn of the financial year.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomUUID } from '../setup/seeded.ts';
import {
  type Json,
  type OwnRuntime,
  SCENARIO_ADMIN_KEY,
  startOwnRuntime,
  type Tenant,
} from '../setup/world.ts';

let world: OwnRuntime;
let tenant: Tenant;
let sellerId: string;

/** [instant, metric, quantity] */
type Usage = readonly [string, string, string];

beforeAll(async () => {
  world = await startOwnRuntime();
  const before = world.at('2025-04-20T08:00:00Z');
  const seller = await before.post('/v1/admin/billing-entities', {
    legal_name: 'Tallyhall GmbH',
    address: { line1: 'Marktplatz 1', city: 'Bremen', postal_code: '28195', country: 'DE' },
    tax_ids: [{ type: 'eu_vat', value: 'DE123456788' }],
    series: 'TH',
    credit_note_series: 'CN',
    number_format: '{series}/{fy2}/{seq:4}',
    financial_year_start_month: 4,
    timezone: 'Europe/Berlin',
  });
  expect(seller.status).toBe(201);
  sellerId = seller.body.id;
  tenant = await before.tenant({
    currency: 'EUR',
    timezone: 'Europe/Berlin',
    billing_entity_id: sellerId,
    legal_name: 'Kranich GmbH',
    address: { line1: 'Hafenstraße 7', city: 'Bremen', postal_code: '28195', country: 'DE' },
    tax_regime: 'eu',
    language: 'de',
  });
  const { organisation_id } = tenant;
  const plans = [
    {
      metric_name: 'calls',
      currency: 'EUR',
      price_per_unit: '0.10',
      effective_from: '2025-01-01',
      effective_to: '2025-07-16',
    },
    { metric_name: 'calls', currency: 'EUR', price_per_unit: '0.12', effective_from: '2025-07-16' },
    { metric_name: 'tokens', currency: 'USD', price_per_unit: '0.002', effective_from: '2025-01-01' },
  ];
  const made = [
    ...plans.map((plan) => [
      'pricing-plans',
      { organisation_id, unit: 'unit', charge_model: 'per_unit', ...plan },
    ]),
    ...[
      ['USD', 'EUR', '0.9', '2025-09-01', '2025-10-01'],
      ['USD', 'EUR', '0.91', '2025-10-01', '2025-11-01'],
      ['USD', 'EUR', '0.92', '2025-11-01', null],
      ['EUR', 'USD', '1.1', '2026-01-01', null],
    ].map(([base_currency, target_currency, rate, from, to]) => [
      'exchange-rates',
      {
        base_currency,
        target_currency,
        rate,
        effective_from: `${from}T00:00:00Z`,
        ...(to !== null && { effective_to: `${to}T00:00:00Z` }),
      },
    ]),
    [
      'discounts',
      {
        organisation_id,
        description: 'Launch',
        percentage: '10',
        effective_from: '2025-08-01',
        effective_to: '2025-10-01',
      },
    ],
  ] as const;
  for (const [path, body] of made) {
    const answer = await before.post(`/v1/admin/${path}`, body);
    expect([path, answer.status, answer.body.detail]).toEqual([path, 201, undefined]);
  }
});

afterAll(() => world?.stop());

async function use(...rows: readonly Usage[]): Promise<void> {
  const sent = await tenant.send(
    ...rows.map(([at, metric, value]) => [randomUUID(), metric, value, at] as const),
  );
  expect(sent.body).toMatchObject({ accepted: rows.length });
  await world.job('rollup');
}

/** Runs the invoicing job at noon of the day, and returns the invoice of the month before. */
async function invoice(day: string): Promise<Json> {
  await world.at(`${day}T12:00:00Z`).job('invoicing');
  const [year = 0, month = 0] = day.split('-').map(Number);
  const period = month === 1 ? { year: year - 1, month: 12 } : { year, month: month - 1 };
  const { body } = await world.get(
    `/v1/admin/invoices?organisation_id=${tenant.organisation_id}&year=${period.year}&month=${period.month}`,
  );
  expect(body.data).toHaveLength(1);
  return body.data[0];
}

const lines = (issued: Json): string[] =>
  issued.line_items.map((line: Json) => `${line.kind} ${line.metric_name} ${line.quantity} ${line.total}`);

const sums = ({ subtotal, discount_total, tax_total, total, currency }: Json): string =>
  `${subtotal} - ${discount_total} + ${tax_total} = ${total} ${currency}`;

test('May: the first invoice of the financial year', async () => {
  await use(['2025-05-10T10:00:00Z', 'calls', '100']);
  const issued = await invoice('2025-06-04');
  expect(issued).toMatchObject({
    status: 'finalized',
    invoice_number: 'TH/25-26/0001',
    issued_at: '2025-06-04T12:00:00.000Z',
    due_date: '2025-06-18',
  });
  expect(sums(issued)).toBe('10.00 - 0.00 + 1.90 = 11.90 EUR');
});

test('June ends at midnight of the zone, in summer time', async () => {
  await use(
    ['2025-06-15T10:00:00Z', 'calls', '10'],
    ['2025-06-30T21:59:59.999Z', 'calls', '1'],
    ['2025-06-30T22:00:00Z', 'calls', '1'],
  );
  expect(sums(await invoice('2025-07-04'))).toBe('1.10 - 0.00 + 0.21 = 1.31 EUR');
});

test('July has a line for each price, split at midnight of the zone', async () => {
  await use(['2025-07-10T10:00:00Z', 'calls', '200'], ['2025-07-15T22:00:00Z', 'calls', '50']);
  const issued = await invoice('2025-08-04');
  expect(lines(issued)).toEqual(['usage calls 201 20.10', 'usage calls 50 6.00']);
  expect(sums(issued)).toBe('26.10 - 0.00 + 4.96 = 31.06 EUR');
});

test('August: a discount, and a price in dollars at the rate of the day of the invoice', async () => {
  await use(['2025-08-20T10:00:00Z', 'calls', '300'], ['2025-08-20T10:00:00Z', 'tokens', '100000']);
  const issued = await invoice('2025-09-04');
  expect(lines(issued)).toEqual(['usage calls 300 36.00', 'usage tokens 100000 180.00']);
  expect(sums(issued)).toBe('216.00 - 21.60 + 36.94 = 231.34 EUR');
  expect(issued).toMatchObject({
    original_currency: 'USD',
    exchange_rate: '0.9',
    conversion_date: '2025-09-04',
  });
});

test('September: late usage of August is a line of its own', async () => {
  await use(['2025-09-10T10:00:00Z', 'calls', '100'], ['2025-08-21T10:00:00Z', 'calls', '50']);
  const issued = await invoice('2025-10-04');
  expect(lines(issued)).toEqual(['usage calls 100 12.00', 'late calls 50 6.00']);
  expect(sums(issued)).toBe('18.00 - 1.80 + 3.08 = 19.28 EUR');
});

test('October has an hour twice and ends in winter time', async () => {
  await use(
    ['2025-10-15T10:00:00Z', 'calls', '69'],
    ['2025-10-26T00:30:00Z', 'calls', '10'],
    ['2025-10-26T01:30:00Z', 'calls', '20'],
    ['2025-10-31T22:59:59Z', 'calls', '1'],
    ['2025-10-31T23:00:00Z', 'calls', '1'],
    ['2025-10-20T10:00:00Z', 'tokens', '1000'],
  );
  const issued = await invoice('2025-11-04');
  expect(lines(issued)).toEqual(['usage calls 100 12.00', 'usage tokens 1000 1.84']);
  expect(sums(issued)).toBe('13.84 - 0.00 + 2.63 = 16.47 EUR');
});

test('usage of October taken back in November is proposed as a credit note, and issued', async () => {
  await use(['2025-10-15T11:00:00Z', 'calls', '-30']);
  await world.at('2025-11-11T12:00:00Z').job('invoicing');
  const ofTenant = `/v1/admin/credit-notes?organisation_id=${tenant.organisation_id}`;
  const { body } = await world.get(ofTenant);
  expect(body.data).toMatchObject([
    { status: 'proposed', origin: 'late_usage', subtotal: '3.60', tax_total: '0.68', total: '4.28' },
  ]);
  const issued = await world
    .at('2025-11-11T13:00:00Z')
    .post(`/v1/admin/credit-notes/${body.data[0].id}/issue`);
  expect(issued).toMatchObject({
    status: 200,
    body: { status: 'issued', credit_note_number: 'CN/25-26/0001' },
  });
});

test('November and December, and the customer asks for dollars', async () => {
  await use(['2025-11-10T10:00:00Z', 'calls', '99']);
  const november = await invoice('2025-12-04');
  expect(lines(november)).toEqual(['usage calls 100 12.00']);
  expect(sums(november)).toBe('12.00 - 0.00 + 2.28 = 14.28 EUR');

  await use(['2025-12-10T10:00:00Z', 'calls', '10']);
  const changed = await fetch(
    new URL(`/v1/admin/organisations/${tenant.organisation_id}`, world.runtime.url),
    {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${SCENARIO_ADMIN_KEY}`,
        'content-type': 'application/json',
        'x-test-clock': '2025-12-20T08:00:00Z',
      },
      body: JSON.stringify({ currency: 'USD' }),
    },
  );
  expect(changed.status).toBe(200);
  expect(sums(await invoice('2026-01-04'))).toBe('1.20 - 0.00 + 0.23 = 1.43 EUR');
});

test('January is in dollars: the price in euros is converted, the one in dollars no longer is', async () => {
  await use(['2026-01-10T10:00:00Z', 'calls', '100'], ['2026-01-10T10:00:00Z', 'tokens', '5000']);
  const issued = await invoice('2026-02-04');
  expect(lines(issued)).toEqual(['usage calls 100 13.20', 'usage tokens 5000 10.00']);
  expect(sums(issued)).toBe('23.20 - 0.00 + 4.41 = 27.61 USD');

  const credited = await world.at('2026-02-10T12:00:00Z').post('/v1/admin/credit-notes', {
    invoice_id: issued.id,
    lines: [{ line_number: 2, amount: '5.00' }],
    reason: 'An outage',
  });
  expect(credited).toMatchObject({
    status: 201,
    body: { credit_note_number: 'CN/25-26/0002', subtotal: '5.00', tax_total: '0.95', total: '5.95' },
  });
  const { body } = await world.get(`/v1/admin/invoices/${issued.id}`);
  expect(body).toMatchObject({
    total: '27.61',
    credited_total: '5.95',
    paid_total: '0.00',
    amount_due: '21.66',
  });
});

test('February: late usage of a month in euros is billed in dollars, on what its price asks', async () => {
  await use(['2026-02-10T10:00:00Z', 'calls', '10'], ['2025-10-20T11:00:00Z', 'tokens', '1000']);
  const issued = await invoice('2026-03-04');
  expect(lines(issued)).toEqual(['usage calls 10 1.32', 'late tokens 1000 2.00']);
  expect(sums(issued)).toBe('3.32 - 0.00 + 0.63 = 3.95 USD');
});

test('March lacks an hour, and its invoice is the first of the next financial year', async () => {
  await use(['2026-03-31T21:59:59Z', 'calls', '7'], ['2026-03-31T22:00:00Z', 'calls', '5']);
  const march = await invoice('2026-04-04');
  expect(march.invoice_number).toBe('TH/26-27/0001');
  expect(Date.parse(march.period_end) - Date.parse(march.period_start)).toBe(743 * 3_600_000);
  expect(sums(march)).toBe('0.92 - 0.00 + 0.17 = 1.09 USD');
  const april = await invoice('2026-05-04');
  expect(april.invoice_number).toBe('TH/26-27/0002');
  expect(sums(april)).toBe('0.66 - 0.00 + 0.13 = 0.79 USD');
});

test('the year closes: numbers without a gap, every line recomputed, the books equal, what is paid is paid', async () => {
  const { body } = await world.get(`/v1/admin/invoices?organisation_id=${tenant.organisation_id}&limit=100`);
  const issued: Json[] = body.data.toSorted((a: Json, b: Json) => a.issued_at.localeCompare(b.issued_at));
  expect(issued.map((each) => each.invoice_number)).toEqual([
    ...Array.from({ length: 10 }, (_, index) => `TH/25-26/${String(index + 1).padStart(4, '0')}`),
    'TH/26-27/0001',
    'TH/26-27/0002',
  ]);
  for (const { id } of issued) {
    const explained = await world.get(`/v1/admin/invoices/${id}/explain`);
    for (const line of explained.body.lines) expect(line.recomputed?.matches).not.toBe(false);
  }
  await world.job('verify');
  const [first] = issued;
  const paid = await fetch(new URL('/v1/admin/payments', world.runtime.url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${SCENARIO_ADMIN_KEY}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ invoice_id: first.id, method: 'offline', amount: '11.90', currency: 'EUR' }),
  });
  expect(paid.status).toBe(201);
  expect((await world.get(`/v1/admin/invoices/${first.id}`)).body).toMatchObject({
    status: 'paid',
    amount_due: '0.00',
  });
});

test('every document of the year was rendered once and sent to the customer', async () => {
  await world.at('2026-05-10T12:00:00Z').job('deliver');
  const { body } = await world.get(
    `/v1/admin/email-notifications?organisation_id=${tenant.organisation_id}&limit=100`,
  );
  expect(body.data.map((each: Json) => each.status)).toEqual(Array.from({ length: 14 }, () => 'sent'));
  const invoices = await world.get(`/v1/admin/invoices?organisation_id=${tenant.organisation_id}&limit=100`);
  for (const each of invoices.body.data)
    expect(each.pdf_url).toMatch(new RegExp(`/v1/admin/invoices/${each.id}/pdf$`));
});
