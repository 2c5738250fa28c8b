/** Exports over HTTP: every row once, texts that no spreadsheet executes, and nothing from another organisation. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addIssued } from '../../documents/issued-invoices.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../../http/wire.ts';
import { api, connectOwner } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Tenant } from '../../setup/world.ts';

let owner: pg.Client;
let own: Tenant;
let other: Tenant;
const ROWS = 2300;

beforeAll(async () => {
  owner = await connectOwner();
  own = await world.tenant();
  other = await world.tenant();
  // The drain creates today's partition.
  await (await world.tenant()).send([randomUUID(), 'tokens.input', '1', new Date().toISOString()]);
  await world.job('rollup');
  await addEvents(own, ROWS, 'tokens.input');
  await addEvents(other, 3, '=HYPERLINK("https://evil.example","x")');
});
afterAll(() => owner.end());

const addEvents = (of: Tenant, count: number, metric: string) =>
  owner.query(
    `INSERT INTO usage_events (organisation_id, id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata,
       idempotency_key, ingested_at, hour, day)
     SELECT $1, gen_random_uuid(), $2, $3, -n / 1000.0, 'to,ken', timestamptz '2026-01-01' + n * interval '1 minute',
       CASE WHEN n % 2 = 0 THEN '+user' END, '{"a": "x\\"y"}', 'key ' || n, now(), now(), current_date
     FROM generate_series(1, $4::int) n`,
    [of.organisation_id, of.project_id, metric, count],
  );

/** The records of a file, parsed by RFC 4180. */
function readCsv(text: string): Record<string, string>[] {
  expect(text.endsWith('\r\n')).toBe(true);
  const records = [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*))(,|\r\n)/g)].reduce<string[][]>(
    (all, [, cell = '', end]) => {
      const plain = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      all.at(-1)?.push(plain);
      if (end === '\r\n') all.push([]);
      return all;
    },
    [[]],
  );
  const [header = [], ...rows] = records.slice(0, -1);
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? 'missing'])));
}

async function read(path: string): Promise<Record<string, string>[]> {
  const response = await api(`/v1/admin/exports/${path}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  return readCsv(await response.text());
}

describe('usage events', () => {
  test('come whole over several pages, each once, in the decimals of the books', async () => {
    const rows = await read(`usage-events?organisation_id=${own.organisation_id}`);
    expect(rows).toHaveLength(ROWS);
    expect(new Set(rows.map((row) => row['id'])).size).toBe(ROWS);
    expect(rows.map((row) => row['id'])).toEqual(rows.map((row) => row['id']).toSorted());
    const last = rows.find((row) => row['idempotency_key'] === 'key 1234');
    expect(last).toEqual({
      organisation_id: own.organisation_id,
      project_id: own.project_id,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestamp: '2026-01-01T20:34:00.000Z',
      metric_name: 'tokens.input',
      metric_value: '-1.234',
      unit: 'to,ken',
      user_id: "'+user",
      idempotency_key: 'key 1234',
      metadata: '{"a":"x\\"y"}',
      ingested_at: expect.stringMatching(/Z$/),
      day: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
      adjustment_id: '',
    });
  });

  test('are a download', async () => {
    const response = await api(`/v1/admin/exports/usage-events?organisation_id=${UNKNOWN_ID}`);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="usage-events.csv"');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(await response.text()).toBe(
      'organisation_id,project_id,id,timestamp,metric_name,metric_value,unit,user_id,idempotency_key,metadata,ingested_at,day,adjustment_id\r\n',
    );
  });

  test.each<[string, number]>([
    ['user_id=%2Buser', ROWS / 2],
    ['from=2026-01-01T20:34:00Z&to=2026-01-01T20:36:00Z', 2],
    ['metric_name=nothing', 0],
    [`project_id=${UNKNOWN_ID}`, 0],
  ])('filtered by %s are %i', async (filter, count) => {
    expect(await read(`usage-events?organisation_id=${own.organisation_id}&${filter}`)).toHaveLength(count);
  });

  test('with a formula for a name stay texts', async () => {
    const rows = await read(`usage-events?organisation_id=${other.organisation_id}`);
    expect(rows.map((row) => row['metric_name'])).toEqual(
      new Array(3).fill('\'=HYPERLINK("https://evil.example","x")'),
    );
  });

  test("another organisation's project exports nothing", async () => {
    expect(
      await read(`usage-events?organisation_id=${own.organisation_id}&project_id=${other.project_id}`),
    ).toEqual([]);
  });

  test('refuse a filter that they do not know', async () => {
    expect(problemOf(await ask('/v1/admin/exports/usage-events?limit=5'), 422).pointers).toEqual(['?limit']);
  });

  test('a reader who leaves early leaves the service as it was', async () => {
    const response = await api(`/v1/admin/exports/usage-events?organisation_id=${own.organisation_id}`);
    await response.body?.cancel();
    expect((await api('/ready')).status).toBe(200);
  });
});

describe('invoices and their lines', () => {
  let plan: string;
  beforeAll(async () => {
    const made = await world.post('/v1/admin/pricing-plans', {
      organisation_id: own.organisation_id,
      metric_name: 'exported',
      unit: 'u',
      currency: 'INR',
      charge_model: 'per_unit',
      price_per_unit: '1',
      effective_from: '2000-01-01',
    });
    plan = made.body.id;
  });
  const addLine = (of: Tenant, invoiceId: string, lineNumber: number, description: string) =>
    owner.query(
      `INSERT INTO invoice_line_items (organisation_id, id, invoice_id, line_number, kind, description, metric_name, unit,
         quantity, unit_price, total, currency, discount_amount, tax_amount, pricing_plan_id, year, month, first_day, last_day,
         carried_quantity, by_project, event_count)
       VALUES ($1, $2, $3, $4, 'usage', $5, 'exported', 'u', '-0.000000000001', NULL, '-12.50', 'INR', 0.00, -2.25, $6, 2003, 1,
         '2003-01-01', '2003-01-31', 0, '[]', 7)`,
      [of.organisation_id, randomUUID(), invoiceId, lineNumber, description, plan],
    );

  test('are filtered like their list, exact, and in order', async () => {
    const issued = await addIssued(owner, { organisation_id: own.organisation_id, year: 2003 });
    const draft = await addIssued(owner, {
      organisation_id: own.organisation_id,
      status: 'draft',
      year: 2003,
    });
    // Only drafts accept lines.
    for (let n = 1; n <= 1100; n++) await addLine(own, draft.id, n, n === 2 ? '@SUM(1),"x"' : `line ${n}`);
    const filter = `organisation_id=${own.organisation_id}&year=2003`;
    const invoices = await read(`invoices?${filter}`);
    expect(invoices.map((row) => row['id'])).toEqual([issued.id, draft.id].sort());
    expect(invoices.find((row) => row['id'] === issued.id)).toMatchObject({
      invoice_number: issued.number,
      status: 'finalized',
      currency: 'INR',
      subtotal: '100.00',
      discount_total: '0.00',
      tax_total: '18.00',
      total: '118.00',
      credited_total: '0.00',
      paid_total: '0.00',
      amount_due: '118.00',
      original_currency: '',
      exchange_rate: '',
      conversion_date: '',
    });
    expect(invoices.find((row) => row['id'] === draft.id)).toMatchObject({ amount_due: '' });
    expect((await read(`invoices?${filter}&status=draft`)).map((row) => row['id'])).toEqual([draft.id]);
    expect(await read(`invoices?${filter}&status=paid`)).toEqual([]);

    const lines = await read(`invoice-line-items?${filter}`);
    expect(lines.map((row) => row['line_number'])).toEqual(
      Array.from({ length: 1100 }, (_, n) => String(n + 1)),
    );
    expect(lines[1]).toMatchObject({
      invoice_id: draft.id,
      invoice_number: '',
      invoice_status: 'draft',
      description: '\'@SUM(1),"x"',
      quantity: '-0.000000000001',
      unit_price: '',
      total: '-12.50',
      discount_amount: '0.00',
      tax_amount: '-2.25',
      hsn_sac: '',
      tax_category: 'standard',
      original_currency: '',
      original_amount: '',
      exchange_rate: '',
      event_count: '7',
    });
    expect(await read(`line-items?${filter}`)).toEqual(lines);
    expect(await read(`invoice-line-items?${filter}&status=finalized`)).toEqual([]);
    expect(await read(`invoice-line-items?organisation_id=${other.organisation_id}`)).toEqual([]);
    expect(await read(`invoices?organisation_id=${other.organisation_id}`)).toEqual([]);
  });
});
