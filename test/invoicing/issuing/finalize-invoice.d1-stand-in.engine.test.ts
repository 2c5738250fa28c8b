import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelInvoice } from '../../../src/invoicing/cancel-invoice.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { explainInvoice } from '../../../src/invoicing/explain-invoice.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { listInvoices } from '../../../src/invoicing/list-invoices.ts';
import { previewInvoice } from '../../../src/invoicing/preview-invoice.ts';
import { regenerateInvoice } from '../../../src/invoicing/regenerate-invoice.ts';
import { type OrganisationInput, openSuite, type Suite, septemberOf } from '../ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('finalize');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';
const SEPTEMBER = { year: 2026, month: 9 };
const OCTOBER = { year: 2026, month: 10 };

const code = (expected: string) => expect.objectContaining({ code: expected });
const count = async (table: string, organisationId: string, where = 'true'): Promise<number> => {
  const { rows } = await suite.owner.query(
    `SELECT count(*)::int AS n FROM ${table} WHERE organisation_id = $1 AND ${where}`,
    [organisationId],
  );
  return rows[0].n;
};

const september = (fields: OrganisationInput = {}) => septemberOf(suite, fields);

describe('a period becomes an invoice', () => {
  test('preview saves nothing, the draft is what it showed, finalization numbers and freezes it', async () => {
    const { organisation_id, a, b, plan } = await september();
    const ctx = suite.ctx(NOW);
    const preview = await previewInvoice(ctx, { organisation_id, ...SEPTEMBER });
    expect(preview).toMatchObject({ id: null, status: 'preview', total: '1.51', currency: 'USD' });
    expect(await count('invoices', organisation_id)).toBe(0);

    const draft = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    expect(draft.line_items).toEqual(preview.line_items);
    expect(draft.line_items).toEqual([
      {
        line_number: 1,
        kind: 'usage',
        description: 'tokens.input (token)',
        metric_name: 'tokens.input',
        unit: 'token',
        quantity: '150.5',
        unit_price: '0.01',
        total: '1.51',
        currency: 'USD',
        original_currency: null,
        original_amount: null,
        exchange_rate: null,
        display_name: null,
        hsn_sac: null,
        tax_category: 'standard',
        discount_amount: '0.00',
        tax_amount: '0.00',
        taxes: [],
        pricing_plan_id: plan,
        year: 2026,
        month: 9,
        first_day: '2026-09-01',
        last_day: '2026-09-30',
        carried_quantity: '0',
        tiers: null,
        by_project: [
          { project_id: a, quantity: '100', amount: '1.00' },
          { project_id: b, quantity: '50.5', amount: '0.51' },
        ],
        event_count: 2,
        events_hash: null,
      },
    ]);
    await expect(createInvoice(ctx, { organisation_id, ...SEPTEMBER })).rejects.toEqual(
      code('invoice_exists'),
    );
    expect(await getInvoice(ctx, { id: draft.id })).toEqual(draft);

    const issued = await finalizeInvoice(ctx, { id: draft.id, expected_total: '1.510' });
    expect(issued).toMatchObject({
      status: 'finalized',
      total: '1.51',
      issued_at: '2026-11-20T12:00:00.000Z',
      due_date: '2026-12-04',
    });
    expect(issued.invoice_number).toMatch(/^INV-2026-\d{6}$/);
    expect(issued.line_items[0]?.events_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await getInvoice(ctx, { id: draft.id })).toEqual(issued);
    expect(await count('outbox', organisation_id, `topic = 'invoice.finalized'`)).toBe(1);
    expect(await count('audit_logs', organisation_id, `action LIKE 'invoice.%'`)).toBe(2);
    await expect(finalizeInvoice(ctx, { id: draft.id })).rejects.toEqual(code('invalid_state'));
    await expect(regenerateInvoice(ctx, { id: draft.id })).rejects.toEqual(code('invalid_state'));
    await expect(
      suite.owner.query(`UPDATE invoices SET total = 0 WHERE id = $1`, [draft.id]),
    ).rejects.toThrow(/never changes/);

    const explanation = await explainInvoice(ctx, { id: draft.id });
    expect(explanation.lines).toMatchObject([
      {
        line_number: 1,
        plan: { id: plan, price_per_unit: '0.01' },
        days: [
          { day: '2026-09-01', project_id: a, quantity: '100', event_count: 1 },
          { day: '2026-09-30', project_id: b, quantity: '50.5', event_count: 1 },
        ],
        event_count: 2,
        recomputed: { event_count: 2, events_hash: issued.line_items[0]?.events_hash, matches: true },
      },
    ]);
    const page = await listInvoices(
      ctx,
      { organisation_id, status: 'finalized' },
      { limit: 10, after: null },
    );
    expect(page.data).toEqual([issued]);
  });

  test('an unknown id and a malformed one are not found', async () => {
    const ctx = suite.ctx(NOW);
    for (const id of ['01900000-0000-7000-8000-00000000dead', 'x']) {
      for (const verb of [getInvoice, finalizeInvoice, cancelInvoice, regenerateInvoice, explainInvoice]) {
        await expect(verb(ctx, { id })).rejects.toEqual(code('not_found'));
      }
      const month = { organisation_id: id, ...SEPTEMBER };
      await expect(createInvoice(ctx, month)).rejects.toEqual(code('not_found'));
      await expect(previewInvoice(ctx, month)).rejects.toEqual(code('not_found'));
    }
  });
});

describe('finalization refuses', () => {
  test('a period that has not ended, and one instant later issues it', async () => {
    const { organisation_id } = await september();
    const { id } = await createInvoice(suite.ctx(NOW), { organisation_id, ...SEPTEMBER });
    const early = finalizeInvoice(suite.ctx('2026-09-30T23:59:59.999Z'), { id });
    await expect(early).rejects.toEqual(code('period_open'));
    await finalizeInvoice(suite.ctx('2026-10-01T00:00:00Z'), { id });
  });

  test('while events from before the cutoff wait in the hot store, until they are drained', async () => {
    const { organisation_id, a } = await september();
    const ctx = suite.ctx(NOW);
    const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    suite.sendEvents(organisation_id, [
      { project_id: a, metric_value: '1000', timestamp: '2026-09-15T00:00:00Z' },
    ]);
    await expect(finalizeInvoice(ctx, { id })).rejects.toEqual(code('not_drained'));
    expect(await count('billing_periods', organisation_id, `status = 'closed'`)).toBe(0);
    await suite.drain();
    const stale = finalizeInvoice(ctx, { id, expected_total: '1.51' });
    await expect(stale).rejects.toEqual(code('draft_stale'));
    expect(await count('billing_periods', organisation_id, `status = 'closed'`)).toBe(0);
    expect(await finalizeInvoice(ctx, { id })).toMatchObject({ total: '11.51' });
  });

  test('a quarantine that is not empty, unless it is allowed and recorded', async () => {
    const { organisation_id } = await september();
    const ctx = suite.ctx(NOW);
    const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    await suite.owner.query(
      `INSERT INTO event_quarantine (id, shard, organisation_id, event, keyed, reason, detail, received_at)
       VALUES ($1, 0, $2, '{}', false, 'x', 'x', now())`,
      [`q-${organisation_id}`, organisation_id],
    );
    await expect(finalizeInvoice(ctx, { id })).rejects.toEqual(code('quarantine_not_empty'));
    await finalizeInvoice(ctx, { id, allow_quarantined: true });
    const { rows } = await suite.owner.query(
      `SELECT changes FROM audit_logs WHERE organisation_id = $1 AND action = 'invoice.finalize'`,
      [organisation_id],
    );
    expect(rows[0].changes).toMatchObject({ quarantined: 1, allow_quarantined: true });
  });

  test.each([
    ['the events', `DELETE FROM usage_events WHERE organisation_id = $1 AND metric_value = 100`],
    ['the hours', `UPDATE usage_hourly SET total_value = total_value + 1 WHERE organisation_id = $1`],
    ['the days', `UPDATE usage_daily SET total_value = total_value + 1 WHERE organisation_id = $1`],
    ['the months', `UPDATE usage_aggregates SET event_count = event_count + 1 WHERE organisation_id = $1`],
    ['a month without days', `DELETE FROM usage_daily WHERE organisation_id = $1`],
  ])('books in which %s differ', async (_, damage) => {
    const { organisation_id } = await september();
    const ctx = suite.ctx(NOW);
    const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    await suite.owner.query(damage, [organisation_id]);
    await expect(finalizeInvoice(ctx, { id })).rejects.toEqual(code('books_differ'));
    expect(await count('billing_periods', organisation_id, `status = 'closed'`)).toBe(0);
    expect(await getInvoice(ctx, { id })).toMatchObject({ status: 'draft', invoice_number: null });
  });

  test('unpriced usage where the organisation blocks it', async () => {
    const { organisation_id, a } = await september({ block_unpriced: true });
    suite.sendEvents(organisation_id, [
      { project_id: a, metric_name: 'other', unit: '', metric_value: '7', timestamp: '2026-09-15T00:00:00Z' },
    ]);
    await suite.drain();
    const ctx = suite.ctx(NOW);
    const draft = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    expect(draft.unpriced).toEqual([{ metric_name: 'other', unit: '', quantity: '7' }]);
    await expect(finalizeInvoice(ctx, { id: draft.id })).rejects.toEqual(code('unpriced_usage'));
  });

  test('nothing to invoice already at the draft; another currency without a rate only then', async () => {
    const ctx = suite.ctx(NOW);
    const empty = await suite.addOrganisation();
    const month = { organisation_id: empty.organisation_id, ...SEPTEMBER };
    await expect(createInvoice(ctx, month)).rejects.toEqual(code('nothing_to_invoice'));
    expect(await previewInvoice(ctx, month)).toMatchObject({ line_items: [], total: '0.00' });
    const { organisation_id } = await september({ currency: 'EUR' });
    const draft = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    expect(draft).toMatchObject({ total: '0.00', conversions: [], original_currency: null });
    expect(draft.line_items).toMatchObject([
      { total: '0.00', original_currency: 'USD', original_amount: '1.505', exchange_rate: null },
    ]);
    await expect(finalizeInvoice(ctx, { id: draft.id })).rejects.toMatchObject({
      code: 'exchange_rate_missing',
      message: /USD to EUR/,
    });
    expect(await count('documents', organisation_id)).toBe(0);
  });
});

describe('late usage', () => {
  test('is a line of the next invoice, released and claimed anew as that is cancelled and made again', async () => {
    const { organisation_id, a } = await september();
    const ctx = suite.ctx(NOW);
    const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    await finalizeInvoice(ctx, { id });
    suite.sendEvents(organisation_id, [
      { project_id: a, metric_value: '30', timestamp: '2026-09-10T10:30:00Z' },
      { project_id: a, metric_value: '19.5', timestamp: '2026-09-20T10:30:00Z' },
    ]);
    await suite.drain();

    const draft = await createInvoice(ctx, { organisation_id, ...OCTOBER });
    expect(draft).toMatchObject({ total: '0.49' });
    expect(draft.line_items).toMatchObject([
      { kind: 'late', quantity: '49.5', total: '0.49', year: 2026, month: 9, event_count: 2 },
    ]);
    expect(draft.line_items[0]?.description).toMatch(/^Adjustment for 2026-09: tokens.input \(token\)/);
    expect(await count('usage_adjustments', organisation_id, 'invoice_id IS NULL')).toBe(0);
    expect((await previewInvoice(ctx, { organisation_id, ...OCTOBER })).line_items).toEqual(draft.line_items);

    suite.sendEvents(organisation_id, [
      { project_id: a, metric_value: '100', timestamp: '2026-09-20T10:30:00Z' },
    ]);
    await suite.drain();
    expect(await regenerateInvoice(ctx, { id: draft.id })).toMatchObject({ total: '1.49' });

    const issued = await finalizeInvoice(ctx, { id: draft.id });
    expect(issued).toMatchObject({ status: 'finalized', total: '1.49' });
    const explanation = await explainInvoice(ctx, { id: draft.id });
    expect(explanation.adjustments).toHaveLength(3);
    expect(explanation.lines[0]?.recomputed).toMatchObject({ event_count: 3, matches: true });

    await cancelInvoice(ctx, { id: draft.id, reason: 'wrong address' });
    expect(await count('usage_adjustments', organisation_id, 'invoice_id IS NULL')).toBe(3);
    const again = await createInvoice(ctx, { organisation_id, ...OCTOBER });
    const reissued = await finalizeInvoice(ctx, { id: again.id });
    expect(reissued.line_items).toEqual(issued.line_items);
    expect(reissued.invoice_number).not.toBe(issued.invoice_number);
    expect(await getInvoice(ctx, { id: draft.id })).toMatchObject({
      status: 'cancelled',
      invoice_number: issued.invoice_number,
    });
  });

  test('of a period whose invoice is cancelled waits, and the reissue bills the same frozen usage', async () => {
    const { organisation_id, a } = await september();
    const ctx = suite.ctx(NOW);
    const first = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    const issued = await finalizeInvoice(ctx, { id: first.id });
    suite.sendEvents(organisation_id, [
      { project_id: a, metric_value: '1000', timestamp: '2026-09-10T10:30:00Z' },
      { project_id: a, metric_value: '1', timestamp: '2026-10-10T10:30:00Z' },
    ]);
    await suite.drain();
    await cancelInvoice(ctx, { id: first.id });
    const october = await createInvoice(ctx, { organisation_id, ...OCTOBER });
    expect(october).toMatchObject({ total: '0.01' });
    const second = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    // Unread events in the hot store do not matter to a closed period.
    suite.sendEvents(organisation_id, [
      { project_id: a, metric_value: '1', timestamp: '2026-09-11T00:00:00Z' },
    ]);
    const reissued = await finalizeInvoice(ctx, { id: second.id });
    expect(reissued.line_items).toEqual(issued.line_items);
    await suite.drain();
    expect(await regenerateInvoice(ctx, { id: october.id })).toMatchObject({ total: '10.02' });
  });
});

describe('a negative period', () => {
  test('carries its rest on, in a chain, and nothing is lost on the way', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    await suite.addPlan({ organisation_id, metric_name: 'tokens.input', price_per_unit: '2' });
    const at = (timestamp: string, metric_value: string) => ({ project_id, metric_value, timestamp });
    suite.sendEvents(organisation_id, [
      at('2026-08-10T00:00:00Z', '-15'),
      at('2026-09-10T00:00:00Z', '10'),
      at('2026-10-10T00:00:00Z', '20'),
    ]);
    await suite.drain();
    const ctx = suite.ctx(NOW);
    const issue = async (month: number) => {
      const draft = await createInvoice(ctx, { organisation_id, year: 2026, month });
      return await finalizeInvoice(ctx, { id: draft.id });
    };
    const august = await issue(8);
    expect(august).toMatchObject({ total: '0.00' });
    expect(august.line_items).toMatchObject([{ quantity: '-15', total: '0.00', carried_quantity: '-15' }]);
    const september = await issue(9);
    expect(september.line_items).toMatchObject([
      { kind: 'usage', quantity: '10', total: '20.00' },
      { kind: 'carried', quantity: '-15', total: '-20.00', carried_quantity: '-5' },
    ]);
    const october = await issue(10);
    expect(october).toMatchObject({ total: '30.00' });

    await expect(cancelInvoice(ctx, { id: august.id })).rejects.toEqual(code('invalid_state'));
    await cancelInvoice(ctx, { id: october.id });
    await cancelInvoice(ctx, { id: september.id });
    await cancelInvoice(ctx, { id: august.id });
    await issue(8);
    await issue(9);
    expect(await issue(10)).toMatchObject({ total: '30.00' });
    expect((await explainInvoice(ctx, { id: october.id })).adjustments).toEqual([]);
  });
});
