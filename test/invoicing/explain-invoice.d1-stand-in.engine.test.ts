import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelInvoice } from '../../src/invoicing/cancel-invoice.ts';
import { createInvoice } from '../../src/invoicing/create-invoice.ts';
import { explainInvoice } from '../../src/invoicing/explain-invoice.ts';
import { finalizeInvoice } from '../../src/invoicing/issuing/finalize-invoice.ts';
import { openSuite, type Suite, septemberOf } from './ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('explain');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';
const SEPTEMBER = { year: 2026, month: 9 };
const OCTOBER = { year: 2026, month: 10 };

test('the hash of a line is what its definition says, whatever characters the keys hold', async () => {
  const { organisation_id, a, b } = await septemberOf(suite);
  const keys = ['z', 'a\\001', 'é"', 'Z', '\u{1f600}', '\uffff', '12:ab'];
  suite.sendEvents(
    organisation_id,
    keys.map((idempotency_key) => ({
      project_id: a,
      metric_value: '1',
      timestamp: '2026-09-05T10:00:00Z',
      idempotency_key,
    })),
  );
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
  const { line_items } = await finalizeInvoice(ctx, { id });

  const { rows } = await suite.owner.query<{ project_id: string; day: string; idempotency_key: string }>(
    'SELECT project_id, day::text, idempotency_key FROM usage_events WHERE organisation_id = $1',
    [organisation_id],
  );
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const days = [
    [a, '2026-09-01'],
    [a, '2026-09-05'],
    [b, '2026-09-30'],
  ].map(([project, day]) => {
    const found = rows.filter((row) => row.project_id === project && row.day === day);
    const bytes = found.map((row) => Buffer.from(row.idempotency_key)).sort(Buffer.compare);
    return `${project} ${day} ${sha256(bytes.map((key) => `${key.length}:${key}`).join(''))}\n`;
  });
  expect(line_items[0]).toMatchObject({ event_count: 9, events_hash: sha256(days.join('')) });
});

test('each line of a month with two prices explains itself, its late usage too', async () => {
  const { organisation_id, projects } = await suite.addOrganisation();
  const [project_id = ''] = projects;
  const metric_name = `split-${organisation_id}`;
  await suite.addPlan({ metric_name, price_per_unit: '2' });
  const own = { organisation_id, effective_from: '2026-09-10', effective_to: '2026-09-20' };
  await suite.addPlan({ metric_name, price_per_unit: '1', ...own });
  const send = (days: readonly number[]): Promise<void> => {
    const at = (day: number) => `2026-09-${String(day).padStart(2, '0')}T12:00:00Z`;
    suite.sendEvents(
      organisation_id,
      days.map((day) => ({ project_id, metric_name, metric_value: '1', timestamp: at(day) })),
    );
    return suite.drain();
  };
  await send([9, 20, 21]);
  const ctx = suite.ctx(NOW);
  const first = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
  expect(await finalizeInvoice(ctx, { id: first.id })).toMatchObject({ total: '6.00' });
  await send([1, 15, 16, 30]);
  const second = await createInvoice(ctx, { organisation_id, ...OCTOBER });
  const issued = await finalizeInvoice(ctx, { id: second.id });
  expect(issued.line_items).toMatchObject([
    { kind: 'late', quantity: '2', unit_price: '2', total: '4.00', first_day: '2026-09-01' },
    { kind: 'late', quantity: '2', unit_price: '1', total: '2.00', first_day: '2026-09-15' },
  ]);
  for (const { id } of [first, second]) {
    for (const line of (await explainInvoice(ctx, { id })).lines) {
      expect(line.recomputed).toEqual({
        event_count: line.event_count,
        events_hash: line.events_hash,
        matches: true,
      });
      expect(line.days.map((day) => day.event_count).reduce((a, b) => a + b, 0)).toBe(line.event_count);
    }
  }
  await cancelInvoice(ctx, { id: second.id });
  const { lines } = await explainInvoice(ctx, { id: second.id });
  expect(lines.map((line) => line.recomputed)).toEqual([null, null]);
});

test('an event tampered with after the invoice does not match its hash', async () => {
  const { organisation_id } = await septemberOf(suite);
  const ctx = suite.ctx(NOW);
  const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
  await finalizeInvoice(ctx, { id });
  await suite.owner.query(
    `UPDATE usage_events SET idempotency_key = 'other' WHERE organisation_id = $1 AND metric_value = 100`,
    [organisation_id],
  );
  const { lines } = await explainInvoice(ctx, { id });
  expect(lines[0]?.recomputed).toMatchObject({ event_count: 2, matches: false });
});
