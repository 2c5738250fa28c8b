/** How an issued invoice's document names the sources of its prices and rates. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { conversionOf } from '../../../src/invoicing/issuing/document-of-invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { randomUUID } from '../../setup/seeded.ts';
import { openSuite, type Suite, septemberOf } from '../ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('document_sources');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';
const issue = async (organisation_id: string, month: number) => {
  const ctx = suite.ctx(NOW);
  const { id } = await createInvoice(ctx, { organisation_id, year: 2026, month });
  const invoice = await finalizeInvoice(ctx, { id });
  const { rows } = await suite.owner.query<{ model: DocumentModel }>(
    'SELECT model FROM documents WHERE organisation_id = $1 AND subject_id = $2',
    [organisation_id, id],
  );
  const [document] = rows;
  if (!document) throw new Error('an issued invoice has its document');
  return { invoice, model: document.model };
};

test('a late line names its month and the version of its price, a line of the period neither', async () => {
  const { organisation_id, a, plan } = await septemberOf(suite, {});
  const september = await issue(organisation_id, 9);
  expect(september.model.lines.map(({ adjusts }) => adjusts)).toEqual([null]);
  suite.sendEvents(organisation_id, [
    { project_id: a, metric_value: '100', timestamp: '2026-09-10T10:30:00Z' },
  ]);
  await suite.drain();
  const { rows } = await suite.owner.query('SELECT effective_from::text FROM pricing_plans WHERE id = $1', [
    plan,
  ]);
  const october = await issue(organisation_id, 10);
  expect(october.model.lines).toMatchObject([
    { kind: 'adjustment', adjusts: { year: 2026, month: 9, price_from: rows[0].effective_from } },
  ]);
});

test.each<[string, string, Record<string, string>, string]>([
  ['an import names its publisher', 'api', { provider: 'ecb' }, 'ECB'],
  ['a rate without one names its source', 'api', {}, 'api'],
  ['what someone entered names no publisher', 'manual', { provider: 'ecb' }, 'manual'],
  ['what no paper can carry is not printed', 'api', { provider: '\u{1f4b6}' }, 'api'],
])('a conversion on paper: %s', async (_, source, metadata, shown) => {
  const { organisation_id } = await septemberOf(suite, { currency: 'EUR' });
  await suite.owner.query('DELETE FROM exchange_rates');
  await suite.owner.query(
    `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, effective_to, source, metadata)
     VALUES ($1, 'USD', 'EUR', 0.5, '2026-11-01', NULL, $2, $3)`,
    [randomUUID(), source, metadata],
  );
  const { invoice, model } = await issue(organisation_id, 9);
  expect(model.conversions).toEqual([
    { original_currency: 'USD', exchange_rate: '0.5', conversion_date: '2026-11-20', source: shown },
  ]);
  expect(invoice.conversions).toMatchObject([{ source, provider: shown }]);
});

test('a conversion of before providers were kept names its source', () => {
  const kept = {
    exchange_rate_id: 'x',
    original_currency: 'USD',
    exchange_rate: '0.5',
    effective_from: '2026-11-01T00:00:00.000Z',
    conversion_date: '2026-11-20',
    source: 'manual',
  };
  expect(conversionOf(kept).source).toBe('manual');
});
