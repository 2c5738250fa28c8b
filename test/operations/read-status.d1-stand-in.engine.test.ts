/** The status of undelivered effects, on the suite's own ledger. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStatus } from '../../src/operations/read-status.ts';
import { sendGenerations } from '../ai/generations.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';
import { randomUUID } from '../setup/seeded.ts';

const NOW = '2026-11-21T09:00:00.000Z';
const BEFORE = '2026-11-21T08:00:00.000Z';
const AFTER = '2026-11-21T09:00:00.001Z';

let suite: Suite;
let organisation_id: string;
beforeAll(async () => {
  suite = await openSuite('status');
  ({ organisation_id } = await suite.addOrganisation());
});
afterAll(() => suite.close());

interface Row {
  readonly topic?: string;
  readonly due: string;
  readonly failed?: boolean;
  readonly delivered?: boolean;
  readonly error?: string;
}

const put = ({ topic = 'email.send', due, failed = false, delivered = false, error }: Row) =>
  suite.owner.query(
    `INSERT INTO outbox (organisation_id, id, topic, payload, next_attempt_at, failed_at, delivered_at, last_error)
     VALUES ($1, $2, $3, '{}', $4, $5, $6, $7)`,
    [organisation_id, randomUUID(), topic, due, failed ? BEFORE : null, delivered ? BEFORE : null, error],
  );
const read = async () => {
  // Runs without hot stores, which do not matter here.
  const { outbox, documents } = await readStatus(suite.ctx(NOW, { shards: new Map() }));
  return { outbox, documents };
};

test('an empty outbox has nothing due and no document waiting', async () => {
  expect(await read()).toEqual({
    outbox: { due: 0, failed: 0, oldest_due_at: null },
    documents: { waiting: 0, glyphs_missing: 0 },
  });
});

test('counts what is due by now, what was given up, and the documents without a PDF', async () => {
  const document = { topic: 'document.render' } as const;
  const rows: Row[] = [
    { due: NOW },
    { due: BEFORE },
    { due: AFTER },
    { due: '2026-11-20T00:00:00Z', failed: true },
    { due: '2026-11-20T00:00:00Z', delivered: true },
    // This text in the error of an e-mail does not mean a missing glyph.
    { due: AFTER, error: 'glyphs_missing: U+E000' },
    { ...document, due: AFTER },
    { ...document, due: AFTER, error: 'The store did not answer.' },
    { ...document, due: AFTER, error: 'glyphs_missing: U+E000' },
    { ...document, due: BEFORE, failed: true, error: 'glyphs_missing: U+E001' },
    { ...document, due: BEFORE, delivered: true, error: 'glyphs_missing: U+E002' },
  ];
  for (const row of rows) await put(row);
  expect(await read()).toEqual({
    outbox: { due: 2, failed: 2, oldest_due_at: BEFORE },
    documents: { waiting: 4, glyphs_missing: 2 },
  });
});

test('counts the calls that no price is known for, and their models, once for each organisation', async () => {
  const other = await suite.addOrganisation();
  const ofAi = async () => (await readStatus(suite.ctx(NOW, { shards: new Map() })))['ai'];
  expect(await ofAi()).toEqual({ unpriced_models: 0, unpriced_calls: 0 });
  const timestamp = '2026-11-20T10:00:00Z';
  const call = (project_id: string, key: string, model: string) => ({
    project_id,
    timestamp,
    content: { idempotency_key: key, model },
  });
  const [project_id = ''] = other.projects;
  sendGenerations(suite, other.organisation_id, [
    call(project_id, '1', 'unknown'),
    call(project_id, '2', 'unknown'),
    call(project_id, '3', 'unknown too'),
    call(project_id, '4', 'claude-sonnet-4-5'),
  ]);
  await suite.drain();
  expect(await ofAi()).toEqual({ unpriced_models: 2, unpriced_calls: 3 });
});
