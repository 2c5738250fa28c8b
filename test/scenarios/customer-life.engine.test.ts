/**
 * A customer's months, through the public API alone: prices change, usage arrives late, decreases, a time
 * zone changes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

// A world of its own: a period is closed when its shard is drained, and other suites send to the shared one
// all the time.
let world: OwnRuntime;
beforeAll(async () => {
  world = await startOwnRuntime();
});
afterAll(() => world.stop());

async function price(tenant: Tenant, metric_name: string, fields: Record<string, unknown>): Promise<Json> {
  const reply = await world.post('/v1/admin/pricing-plans', {
    organisation_id: tenant.organisation_id,
    metric_name,
    unit: 'unit',
    currency: 'USD',
    charge_model: 'per_unit',
    effective_from: '2026-01-01',
    ...fields,
  });
  expect(reply.status).toBe(201);
  return reply.body;
}

const draftOf = async (tenant: Tenant, month: number): Promise<Json> =>
  (await world.post('/v1/admin/invoices', { organisation_id: tenant.organisation_id, year: 2026, month }))
    .body;

async function issue(tenant: Tenant, month: number): Promise<Json> {
  await world.job('rollup');
  const draft = await draftOf(tenant, month);
  const issued = await world.post(`/v1/admin/invoices/${draft.id}/finalize`);
  expect(issued.status, JSON.stringify(issued.body)).toBe(200);
  return issued.body;
}

const linesOf = (invoice: Json): string[] =>
  invoice.line_items.map((line: Json) => `${line.kind} ${line.metric_name} ${line.quantity} ${line.total}`);

const invoiceOf = async (tenant: Tenant, month: number): Promise<Json> => {
  const query = `organisation_id=${tenant.organisation_id}&month=${month}`;
  return (await world.get(`/v1/admin/invoices?${query}`)).body.data[0];
};

const creditNotesOf = async (invoice: Json): Promise<Json[]> =>
  (await world.get(`/v1/admin/credit-notes?invoice_id=${invoice.id}`)).body.data;

const creditsOf = (note: Json): string[] =>
  note.line_items.map((line: Json) => `line ${line.invoice_line_number}: ${line.quantity} ${line.total}`);

async function expectExplained(invoice: Json): Promise<void> {
  const { body } = await world.get(`/v1/admin/invoices/${invoice.id}/explain`);
  for (const line of body.lines) expect(line.recomputed?.matches ?? true).toBe(true);
}

describe('a price that changes inside the month', () => {
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await world.tenant();
    const graduated = (price_per_unit: string) => ({
      charge_model: 'graduated',
      tiers: [
        { up_to: '100', price_per_unit, flat_fee: '1' },
        { up_to: null, price_per_unit: '0.01' },
      ],
    });
    await price(tenant, 'calls', { ...graduated('0.1'), effective_to: '2026-08-16' });
    await price(tenant, 'calls', { ...graduated('0.2'), effective_from: '2026-08-16' });
  });

  test('splits the month: a line per version, each rated alone from zero', async () => {
    await tenant.send(
      ['a', 'calls', '150', '2026-08-15T23:59:59.999Z'],
      ['b', 'calls', '150', '2026-08-16T00:00:00Z'],
      ['c', 'unpriced', '7', '2026-08-20T00:00:00Z'],
    );
    const invoice = await issue(tenant, 8);
    // 1 + 100 × 0.1 + 50 × 0.01 and 1 + 100 × 0.2 + 50 × 0.01
    expect(linesOf(invoice)).toEqual(['usage calls 150 11.50', 'usage calls 150 21.50']);
    expect(invoice.total).toBe('33.00');
    expect(invoice.unpriced).toEqual([{ metric_name: 'unpriced', unit: 'unit', quantity: '7' }]);
    await expectExplained(invoice);
  });

  test('usage that comes late is priced where its segment ended: more on the next invoice, less on a credit note', async () => {
    const august = await invoiceOf(tenant, 8);
    await tenant.send(
      ['late', 'calls', '-60', '2026-08-01T00:00:00Z'],
      ['late-2', 'calls', '20', '2026-08-31T00:00:00Z'],
    );
    await tenant.send(['sep', 'calls', '100', '2026-09-01T00:00:00Z']);
    const invoice = await issue(tenant, 9);
    // Second segment: 20 more at 0.01.
    expect(linesOf(invoice)).toEqual(['usage calls 100 21.00', 'late calls 20 0.20']);
    expect(invoice.total).toBe('21.20');
    expect(invoice.line_items[1].description).toContain('2026-08');
    await expectExplained(invoice);
    const located = await world.get('/v1/events/late-2', tenant.key);
    expect(located.body).toMatchObject({
      status: 'counted',
      invoice: { invoice_number: invoice.invoice_number },
    });

    // First segment: 90 units are 1 + 9, so 10.00 in place of 11.50.
    const [proposal] = await creditNotesOf(august);
    expect(creditsOf(proposal)).toEqual(['line 1: -60 1.50']);
    expect(proposal).toMatchObject({ status: 'proposed', total: '1.50', credit_note_number: null });
    expect(proposal.line_items[0].description).toContain('2026-08');
    const lowered = await world.get('/v1/events/late', tenant.key);
    const { body: note } = await world.get(`/v1/admin/credit-notes/${proposal.id}`);
    expect(note.adjustments).toMatchObject([{ id: lowered.body.counted_in.adjustment.id, quantity: '-60' }]);
    const issued = await world.post(`/v1/admin/credit-notes/${proposal.id}/issue`);
    expect(issued).toMatchObject({ status: 200, body: { status: 'issued', total: '1.50' } });
    expect(await invoiceOf(tenant, 8)).toMatchObject({
      total: august.total,
      line_items: august.line_items,
      credited_total: '1.50',
      amount_due: '31.50',
    });
  });
});

describe('usage of zero or less', () => {
  test('is charged nothing and goes on to the months that can bear it', async () => {
    const tenant = await world.tenant();
    await price(tenant, 'net', { price_per_unit: '2' });
    await tenant.send(
      ['a', 'net', '-5', '2026-06-10T00:00:00Z'],
      ['b', 'net', '3', '2026-07-10T00:00:00Z'],
      ['c', 'net', '10', '2026-08-10T00:00:00Z'],
    );
    const june = await issue(tenant, 6);
    expect(linesOf(june)).toEqual(['usage net -5 0.00']);
    const july = await issue(tenant, 7);
    expect(linesOf(july)).toEqual(['usage net 3 6.00', 'carried net -5 -6.00']);
    expect(july.total).toBe('0.00');
    const august = await issue(tenant, 8);
    expect(linesOf(august)).toEqual(['usage net 10 20.00', 'carried net -2 -4.00']);
    expect(august.total).toBe('16.00');
  });
});

describe('a late decrease greater than what the next invoice can bear', () => {
  test('lowers no invoice but the one that charged it, and what was more goes on', async () => {
    const tenant = await world.tenant();
    await price(tenant, 'calls', { price_per_unit: '1' });
    await tenant.send(['a', 'calls', '100', '2026-06-10T00:00:00Z']);
    const june = await issue(tenant, 6);
    expect(june.total).toBe('100.00');
    await tenant.send(
      ['late', 'calls', '-50', '2026-06-11T00:00:00Z'],
      ['b', 'calls', '20', '2026-07-10T00:00:00Z'],
    );
    expect(linesOf(await issue(tenant, 7))).toEqual(['usage calls 20 20.00']);
    expect((await creditNotesOf(june)).map(creditsOf)).toEqual([['line 1: -50 50.00']]);
    await tenant.send(
      ['late-2', 'calls', '-60', '2026-06-12T00:00:00Z'],
      ['c', 'calls', '80', '2026-08-10T00:00:00Z'],
    );
    expect(linesOf(await issue(tenant, 8))).toEqual(['usage calls 80 80.00', 'carried calls -10 -10.00']);
    const [proposal, ...others] = await creditNotesOf(june);
    expect(others).toEqual([]);
    expect(creditsOf(proposal)).toEqual(['line 1: -50 50.00', 'line 1: -60 50.00']);
    const issued = await world.post(`/v1/admin/credit-notes/${proposal.id}/issue`);
    expect(issued.body).toMatchObject({ total: '100.00' });
    expect(await invoiceOf(tenant, 6)).toMatchObject({ status: 'paid', amount_due: '0.00' });
  });
});

describe('an invoice that was cancelled', () => {
  test('keeps its number, and a new draft bills the same frozen usage', async () => {
    const tenant = await world.tenant();
    await price(tenant, 'calls', { price_per_unit: '1' });
    await tenant.send(['a', 'calls', '10', '2026-06-10T00:00:00Z']);
    const first = await issue(tenant, 6);
    const second = await world.post('/v1/admin/invoices', {
      organisation_id: tenant.organisation_id,
      year: 2026,
      month: 6,
    });
    expect(second).toMatchObject({ status: 409, body: { code: 'invoice_exists' } });
    const cancelled = await world.post(`/v1/admin/invoices/${first.id}/cancel`);
    expect(cancelled.body).toMatchObject({ status: 'cancelled', invoice_number: first.invoice_number });
    await tenant.send(['late', 'calls', '5', '2026-06-20T00:00:00Z']);
    const again = await issue(tenant, 6);
    expect(linesOf(again)).toEqual(['usage calls 10 10.00']);
    expect(again.invoice_number).not.toBe(first.invoice_number);
    await tenant.send(['b', 'calls', '1', '2026-07-20T00:00:00Z']);
    expect(linesOf(await issue(tenant, 7))).toEqual(['usage calls 1 1.00', 'late calls 5 5.00']);
  });
});

describe('the invoicing job', () => {
  test('drafts every ended period that lacks an invoice and finalizes those past their grace', async () => {
    const tenant = await world.tenant({ grace_hours: 72 });
    await price(tenant, 'calls', { price_per_unit: '0.005' });
    await tenant.send(
      ['a', 'calls', '3', '2026-04-30T23:59:59Z'],
      ['b', 'calls', '100', '2026-05-01T00:00:00Z'],
    );
    await world.job('rollup');
    const invoices = async (): Promise<string[]> =>
      (await world.get(`/v1/admin/invoices?organisation_id=${tenant.organisation_id}`)).body.data.map(
        (each: Json) => `${each.month} ${each.status} ${each.total}`,
      );
    await world.post('/v1/admin/jobs/invoicing', { as_of: '2026-05-03T23:59:59Z' });
    expect(await invoices()).toEqual(['4 draft 0.02']);
    await world.post('/v1/admin/jobs/invoicing', { as_of: '2026-05-04T00:00:00Z' });
    expect(await invoices()).toEqual(['4 finalized 0.02']);
    await world.post('/v1/admin/jobs/invoicing', { as_of: '2026-07-01T00:00:00Z' });
    expect(await invoices()).toEqual(['4 finalized 0.02', '5 finalized 0.50']);
    await world.post('/v1/admin/jobs/invoicing', { as_of: '2026-07-01T00:00:00Z' });
    expect(await invoices()).toHaveLength(2);
  });
});

describe('the month of a zone', () => {
  test('of the earliest instant that an event may have is January 2000, west of Greenwich too', async () => {
    const tenant = await world.tenant({ timezone: 'America/New_York' });
    await price(tenant, 'calls', { price_per_unit: '1', effective_from: '2000-01-01' });
    await tenant.send(['first', 'calls', '3', '2000-01-01T00:00:00Z']);
    await world.job('rollup');
    const month = { organisation_id: tenant.organisation_id, year: 2000, month: 1 };
    expect((await world.post('/v1/admin/invoices', month)).body).toMatchObject({ total: '3.00', year: 2000 });
    const listed = await world.get(
      `/v1/admin/usage-aggregates?organisation_id=${tenant.organisation_id}&year=2000&month=1`,
    );
    expect(listed.body.data).toMatchObject([{ total_value: '3' }]);
  });

  test('begins and ends at its own midnights, across a daylight change', async () => {
    const tenant = await world.tenant({ timezone: 'America/New_York' });
    await price(tenant, 'calls', { price_per_unit: '1' });
    // March 2026 in New York: from 05:00Z on the 1st (standard) to 04:00Z on 1 April (daylight).
    await tenant.send(
      ['feb', 'calls', '1', '2026-03-01T04:59:59.999Z'],
      ['mar-first', 'calls', '10', '2026-03-01T05:00:00Z'],
      ['mar-last', 'calls', '100', '2026-04-01T03:59:59.999Z'],
      ['apr', 'calls', '1000', '2026-04-01T04:00:00Z'],
    );
    const march = await issue(tenant, 3);
    expect(march).toMatchObject({
      total: '110.00',
      period_start: '2026-03-01T05:00:00.000Z',
      period_end: '2026-04-01T04:00:00.000Z',
    });
    const usage = await world.get('/v1/usage?from=2026-02-01&to=2026-05-01&granularity=month', tenant.key);
    expect(usage.body.data.map((row: Json) => `${row.period} ${row.total_value}`)).toEqual([
      '2026-02 1',
      '2026-03 110',
      '2026-04 1000',
    ]);
  });
});

describe('usage as the customer reads it', () => {
  test('is whole without bounds, and by the days of the zone with them', async () => {
    const tenant = await world.tenant({ timezone: 'Asia/Kolkata' });
    // Kolkata is five and a half hours ahead: 18:30Z is its midnight.
    await tenant.send(
      ['a', 'calls', '1', '2026-02-28T18:29:59Z'],
      ['b', 'calls', '10', '2026-02-28T18:30:00Z'],
      ['c', 'calls', '100', '2026-03-31T18:29:59Z'],
      ['d', 'calls', '1000', '2026-03-31T18:30:00Z'],
    );
    await world.job('rollup');
    const read = async (query: string): Promise<string[]> =>
      (await world.get(`/v1/usage?${query}`, tenant.key)).body.data.map(
        (row: Json) => `${row.period} ${row.total_value}`,
      );
    expect(await read('granularity=month')).toEqual(['2026-02 1', '2026-03 110', '2026-04 1000']);
    expect(await read('granularity=month&from=2026-03-01&to=2026-04-01')).toEqual(['2026-03 110']);
    expect(await read('granularity=hour&from=2026-02-28T19:00:00Z&to=2026-03-01T00:00:00Z')).toEqual([
      '2026-02-28T18:30:00.000Z 10',
    ]);
  });

  test('tells a conflict before the drain has seen it', async () => {
    const tenant = await world.tenant();
    await tenant.send(['a', 'calls', '1', '2026-02-01T00:00:00Z']);
    await tenant.send(['a', 'calls', '2', '2026-02-01T00:00:00Z']);
    const told = { later: [{ status: 'conflict', event: { metric_value: '2' } }] };
    expect((await world.get('/v1/events/a', tenant.key)).body).toMatchObject({ status: 'pending', ...told });
    await world.job('rollup');
    const after = await world.get('/v1/events/a', tenant.key);
    expect(after.body).toMatchObject({ status: 'counted', ...told });
    expect(after.body.later).toHaveLength(1);
  });
});

describe('a flat plan', () => {
  test('is one line a period, usage or not', async () => {
    const tenant = await world.tenant();
    await price(tenant, 'platform fee', { charge_model: 'flat', amount: '49.99', unit: '' });
    await world.job('rollup');
    const invoice = await issue(tenant, 5);
    expect(linesOf(invoice)).toEqual(['flat platform fee 1 49.99']);
  });
});
