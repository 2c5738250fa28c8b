/** Deleting a user: no personal data is left anywhere, and no figure changes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { explainInvoice } from '../../../src/invoicing/explain-invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { deleteUser } from '../../../src/operations/retention/delete-user.ts';
import { STATISTIC_FIGURES } from '../../../src/operations/retention/erasure-store.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { sendFill } from '../../ai/generations.ts';
import { randomUUID } from '../../setup/seeded.ts';
import {
  actsOn,
  addPair,
  NOW,
  OLD,
  openRetentionSuite,
  personalOf,
  type RetentionSuite,
  readPayload,
  rowIdOf,
  sendCalls,
  sendNamed,
  tracesOf,
} from './payloads.ts';

let of: RetentionSuite;
beforeAll(async () => {
  of = await openRetentionSuite('deletion');
});
afterAll(() => of?.close());

const { run: retain } = actsOn(() => of);

/** All figures of an organisation, without the user that each belongs to. */
async function figuresOf(organisationId: string): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {};
  const statements: Readonly<Record<string, string>> = {
    hourly: 'SELECT * FROM usage_hourly WHERE organisation_id = $1',
    daily: 'SELECT * FROM usage_daily WHERE organisation_id = $1',
    monthly: 'SELECT * FROM usage_aggregates WHERE organisation_id = $1',
    adjustments: 'SELECT * FROM usage_adjustments WHERE organisation_id = $1',
    keys: 'SELECT * FROM event_keys WHERE organisation_id = $1',
    invoices: 'SELECT * FROM invoices WHERE organisation_id = $1',
    lines: 'SELECT * FROM invoice_line_items WHERE organisation_id = $1',
    documents: 'SELECT * FROM documents WHERE organisation_id = $1',
    events: `SELECT to_jsonb(e) - 'user_id' FROM counted_events e WHERE organisation_id = $1`,
    calls: `SELECT to_jsonb(g) - ARRAY['user_id', 'archive_id', 'erased_at', 'scene_description', 'session_id', 'error_message',
      'ip_address', 'user_agent', 'input_summary', 'output_summary', 'request_data', 'response_data']
      FROM ai_generations g WHERE organisation_id = $1`,
    statistics: `SELECT day, generation_type, provider, model, ${STATISTIC_FIGURES.map((name) => `sum(${name})::text AS ${name}`).join(', ')}
      FROM ai_statistics_daily WHERE organisation_id = $1 GROUP BY 1, 2, 3, 4`,
  };
  for (const [name, sql] of Object.entries(statements)) {
    const rows = await of.rows(sql, organisationId);
    figures[name] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return figures;
}

async function bookLife(pair: Awaited<ReturnType<typeof addPair>>) {
  const { organisation_id, project_id, second_id, ann, bob, mark } = pair;
  await of.suite.addPlan({ organisation_id, metric_name: 'ai.calls', unit: 'call', price_per_unit: '0.5' });
  await of.suite.addPlan({
    organisation_id,
    metric_name: 'tokens.input',
    unit: 'token',
    price_per_unit: '0.01',
  });
  sendNamed(of.suite, organisation_id, [
    { project_id, key: 'plain 1', user_id: ann, value: '10.5' },
    { project_id: second_id, key: 'plain 2', user_id: ann, value: '-2' },
    { project_id, key: 'plain 3', user_id: bob },
    { project_id, key: 'plain 4', user_id: null },
  ]);
  const [annsCall = ''] = sendCalls(of.suite, organisation_id, [
    { project_id, key: 'call 1', user_id: ann, mark, content: { cost_usd: '0.25', duration_ms: 100 } },
    { project_id: second_id, key: 'call 2', user_id: ann, mark, content: { status: 'failed' } },
    { project_id, key: 'call 3', user_id: bob, content: { cost_usd: '0.5', input_summary: 'of bob' } },
    { project_id, key: 'call 4', content: { input_summary: 'of nobody' } },
  ]);
  // A later arrival of her call that does not name her, one that does, a conflict of hers, and rows that
  // cannot be counted.
  for (const content of [
    { sku: 'late', ...personalOf(mark) },
    { user_id: ann, request_id: 'r', input_summary: mark },
  ]) {
    const fill = {
      organisation_id,
      project_id,
      idempotency_key: 'call 1',
      first_event_id: annsCall,
      received_at: OLD,
    };
    sendFill(of.suite, { ...fill, content: { idempotency_key: 'call 1', ...content } });
  }
  await of.suite.drain();
  const quarantined: [string, string][] = [
    ['bad number', JSON.stringify({ metric_value: 'NaN', user_id: ann, metadata: '{}', generation: null })],
    [
      'bad call',
      JSON.stringify({
        user_id: null,
        generation: JSON.stringify({ user_id: ann, ...personalOf(mark), tokens: {} }),
      }),
    ],
    ['unreadable', JSON.stringify({ user_id: ann, generation: `{"input_summary":"${mark}"` })],
    ['of bob', JSON.stringify({ user_id: bob, generation: JSON.stringify({ input_summary: 'bobs' }) })],
    [
      'a conflict',
      JSON.stringify({
        kind: 'fill',
        event: JSON.stringify({ generation: { user_id: ann, output_summary: mark } }),
      }),
    ],
    ['null byte', JSON.stringify({ user_id: ann, unit: '\0', generation: null })],
  ];
  for (const [id, event] of quarantined) {
    await of.rows(
      `INSERT INTO event_quarantine (id, shard, organisation_id, event, keyed, reason, detail, received_at)
       VALUES ($1, 0, $2, $3, false, 'refused_by_ledger', 'd', now())`,
      `${id} ${randomUUID()}`,
      organisation_id,
      event,
    );
  }
  await of.rows(
    `INSERT INTO event_conflicts (organisation_id, id, project_id, idempotency_key, kind, fingerprint, event, first_event_id,
       received_at) VALUES ($1, $2, $3, 'plain 3', 'conflict', 'f', $4, $2, now())`,
    organisation_id,
    randomUUID(),
    project_id,
    JSON.stringify({ metric_name: 'tokens.input', metric_value: '7', user_id: ann, metadata: { n: 0.1 } }),
  );
  return annsCall;
}

test('nothing of a deleted user is left in any table or file, and every figure is what it was', async () => {
  const pair = await addPair(of);
  const { organisation_id, project_id, ann, bob, mark } = pair;
  const annsCall = await bookLife(pair);
  const ctx = of.ctx();
  const invoice = await createInvoice(ctx, { organisation_id, year: 2026, month: 6 });
  await finalizeInvoice(ctx, { id: invoice.id, allow_quarantined: true });
  // Some of her payloads are in a file by now.
  expect(await retain()).toMatchObject({ status: 'succeeded' });
  const explained = await explainInvoice(ctx, { id: invoice.id });
  const figures = await figuresOf(organisation_id);
  await of.rows(
    `UPDATE users SET email = $2, full_name = $3 WHERE organisation_id = $1 AND user_id = $4`,
    organisation_id,
    `${mark}@example.com`,
    `name ${mark}`,
    ann,
  );
  expect(Object.keys(await tracesOf(of, mark))).toEqual(
    expect.arrayContaining(['users', 'ai_generations', 'event_conflicts', 'event_quarantine']),
  );
  const id = await rowIdOf(of, organisation_id, ann);

  const { pseudonym, ...done } = await deleteUser(ctx, { id });
  expect(done).toEqual({
    organisation_id,
    id,
    events: 4,
    generations: 2,
    statistics: 1,
    conflicts: 3,
    quarantined: 5,
    archives: 1,
  });
  expect(pseudonym).toMatch(/^deleted-[0-9a-f-]{36}$/);
  expect(await figuresOf(organisation_id)).toEqual(figures);
  expect(await explainInvoice(ctx, { id: invoice.id })).toEqual(explained);
  expect(await verifyBooks(ctx, { since: null })).toEqual([]);
  expect(await tracesOf(of, mark)).toEqual({});
  // Only the deletion itself still has her id, until the drain has passed what the hot store had.
  expect(await tracesOf(of, JSON.stringify(ann).slice(1, -1).slice(-36))).toEqual({ user_erasures: 1 });
  expect([...(await of.filesOf(organisation_id)).values()].join()).toContain(mark);

  expect(await retain()).toMatchObject({
    status: 'succeeded',
    erased_users: 1,
    open_erasures: 0,
    rewritten_archives: 1,
  });
  expect(await tracesOf(of, ann.slice(-36))).toEqual({});
  expect([...(await of.filesOf(organisation_id)).values()].join()).not.toContain(mark);
  expect(await figuresOf(organisation_id)).toEqual(figures);
  expect(await explainInvoice(ctx, { id: invoice.id })).toEqual(explained);
  expect(await verifyBooks(ctx, { since: null })).toEqual([]);

  const usage = await of.rows(
    'SELECT user_id, sum(total_requests)::int AS n FROM ai_statistics_daily WHERE organisation_id = $1 GROUP BY 1 ORDER BY 1',
    organisation_id,
  );
  expect(usage).toEqual([
    { user_id: '', n: 1 },
    { user_id: bob, n: 1 },
    { user_id: pseudonym, n: 2 },
  ]);
  expect(await of.rows('SELECT user_id FROM users WHERE organisation_id = $1', organisation_id)).toEqual([
    { user_id: bob },
  ]);
  // Bob's data is unchanged, in the rewritten file too.
  const [bobsCall] = await of.rows<{ id: string; archive_id: string }>(
    'SELECT id, archive_id FROM ai_generations WHERE organisation_id = $1 AND user_id = $2',
    organisation_id,
    bob,
  );
  expect(bobsCall?.archive_id).not.toBeNull();
  expect(await readPayload(of, organisation_id, bobsCall?.id ?? '')).toMatchObject({
    input_summary: 'of bob',
  });
  const archives = await of.rows<{ status: string; rows: number }>(
    'SELECT status, rows, replaced_by IS NOT NULL AS replaced FROM ai_payload_archives WHERE organisation_id = $1 ORDER BY rows',
    organisation_id,
  );
  expect(archives).toEqual([
    { status: 'kept', rows: 2, replaced: false },
    { status: 'deleted', rows: 4, replaced: true },
  ]);

  const audited = await of.rows(
    `SELECT entity_id, changes FROM audit_logs WHERE organisation_id = $1 AND action = 'user.delete'`,
    organisation_id,
  );
  expect(audited).toEqual([{ entity_id: id, changes: {} }]);

  // A later copy fills the fields that describe the call, and none of her personal data.
  sendFill(of.suite, {
    organisation_id,
    project_id,
    idempotency_key: 'call 1',
    first_event_id: annsCall,
    received_at: NOW,
    content: { idempotency_key: 'call 1', application_id: 'app', ...personalOf('once more') },
  });
  await of.suite.drain();
  const [call] = await of.rows('SELECT * FROM ai_generations WHERE id = $1', annsCall);
  expect(call).toMatchObject({ application_id: 'app', user_id: pseudonym, archive_id: null });
  for (const name of Object.keys(personalOf(''))) expect([name, call?.[name]]).toEqual([name, null]);
});
