/** Payloads into the file store and out of it, on real Postgres and a real bucket. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runRetention } from '../../../src/operations/retention/run-retention.ts';
import { runRollup } from '../../../src/rollup/run-rollup.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { sendFill } from '../../ai/generations.ts';
import {
  actsOn,
  NOW,
  OLD,
  openRetentionSuite,
  payloadOf,
  type RetentionSuite,
  readPayload,
  sendCalls,
} from './payloads.ts';

let of: RetentionSuite;
beforeAll(async () => {
  of = await openRetentionSuite('archive');
}, 60_000);
afterAll(() => of?.close());

const { run, archivesOf, addCustomer } = actsOn(() => of);

test('a payload of 90 days moves to a file that gives it back to the last byte; the figures stay', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const ids = sendCalls(
    of.suite,
    organisation_id,
    ['a', 'b', 'c'].map((mark) => ({ project_id, key: mark, mark, content: { cost_usd: '0.000000000001' } })),
  );
  const [young = ''] = sendCalls(of.suite, organisation_id, [
    { project_id, key: 'young', mark: 'young', received: '2026-08-23T00:00:00.000Z' },
  ]);
  const [bare = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'bare' }]);
  await of.suite.drain();
  const payloads = async () => {
    const read = [];
    for (const id of ids) read.push(await readPayload(of, organisation_id, id));
    return read;
  };
  const before = await payloads();
  const statistics = await of.rows(
    'SELECT * FROM ai_statistics_daily WHERE organisation_id = $1',
    organisation_id,
  );

  expect(await run()).toMatchObject({
    status: 'succeeded',
    archives: 1,
    archived_payloads: 3,
    deleted_payloads: 0,
  });

  const [archive, ...none] = await archivesOf(organisation_id);
  expect(none).toEqual([]);
  expect(archive).toMatchObject({
    status: 'kept',
    rows: 3,
    first_occurred_at: new Date(OLD),
    last_occurred_at: new Date(OLD),
    last_received_at: new Date(OLD),
    input_tokens: '3000',
    output_tokens: '600',
    cost_usd: '0.000000000003',
    deleted_at: null,
  });
  expect(archive?.verified_at).not.toBeNull();
  expect(await payloads()).toEqual(before);
  expect(before[0]).toEqual({ ...payloadOf('a') });
  const calls = await of.rows(
    `SELECT id, archive_id, input_summary, output_summary, request_data, response_data, session_id, cost_usd
     FROM ai_generations WHERE organisation_id = $1 AND id = ANY ($2)`,
    organisation_id,
    ids,
  );
  const gone = { input_summary: null, output_summary: null, request_data: null, response_data: null };
  for (const call of calls)
    expect(call).toMatchObject({ ...gone, archive_id: archive?.id, cost_usd: '0.000000000001' });
  expect(calls.map(({ session_id }) => session_id).sort()).toEqual(['session a', 'session b', 'session c']);
  expect(await readPayload(of, organisation_id, young)).toEqual(payloadOf('young'));
  expect(await of.rows('SELECT archive_id FROM ai_generations WHERE id = $1', bare)).toEqual([
    { archive_id: null },
  ]);
  expect(
    await of.rows('SELECT * FROM ai_statistics_daily WHERE organisation_id = $1', organisation_id),
  ).toEqual(statistics);
  expect(await verifyBooks(of.suite.ctx(NOW), { since: null })).toEqual([]);

  const files = await of.filesOf(organisation_id);
  expect([...files.keys()].sort()).toEqual([
    `payloads/${organisation_id}/${archive?.id}.manifest.json`,
    `payloads/${organisation_id}/${archive?.id}.ndjson.gz`,
  ]);
  const manifest = JSON.parse(files.get(`payloads/${organisation_id}/${archive?.id}.manifest.json`) ?? '');
  expect(manifest).toMatchObject({
    rows: 3,
    sha256: archive?.sha256,
    bytes: archive?.bytes,
    sums: { input_tokens: '3000', cost_usd: '0.000000000003' },
  });
  const lines = (files.get(archive?.file_key as string) ?? '').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).id).sort()).toEqual([...ids].sort());
  expect(files.get(archive?.file_key as string)).not.toContain('session');

  // A second run finds nothing to do.
  expect(await run()).toMatchObject({
    status: 'succeeded',
    archives: 0,
    archived_payloads: 0,
    deleted_archives: 0,
  });
});

test('a file holds one day of receipt, at most a thousand calls and a few megabytes', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const call = (key: string, received: string, content = {}) => ({ project_id, key, received, content });
  const many = Array.from({ length: 1_001 }, (_, i) =>
    call(`many ${i}`, '2026-06-01T23:59:59.999Z', { input_summary: 'x' }),
  );
  const text = 'y'.repeat(16_000);
  const large = Array.from({ length: 300 }, (_, i) =>
    call(`large ${i}`, '2026-06-02T00:00:00.000Z', { request_data: text + i, input_summary: 'x' }),
  );
  sendCalls(of.suite, organisation_id, [...many, ...large]);
  await of.suite.drain();
  expect(await run()).toMatchObject({ archives: 4, archived_payloads: 1_301 });
  const archives = await archivesOf(organisation_id);
  expect(archives.map(({ rows }) => rows)).toEqual([1_000, 1, 247, 53]);
  expect(
    archives.map(({ last_received_at }) => (last_received_at as Date).toISOString().slice(0, 10)),
  ).toEqual(['2026-06-01', '2026-06-01', '2026-06-02', '2026-06-02']);
});

test('on the day of its 90 days a payload stays until the day is over', async () => {
  const { organisation_id, project_id } = await addCustomer();
  sendCalls(of.suite, organisation_id, [
    { project_id, key: 'k', mark: 'm', received: '2026-06-30T00:00:00.000Z' },
  ]);
  await of.suite.drain();
  expect(await run('2026-09-28T23:59:59.999Z')).toMatchObject({ archived_payloads: 0 });
  expect(await run('2026-09-29T00:00:00.000Z')).toMatchObject({ archived_payloads: 1 });
});

test('after 365 days listed and quarantined copies lose their payloads too, and nothing else', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const old = '2025-10-01T00:00:00.000Z';
  const sent = { project_id, key: 'copied', received: old, mark: 'first' };
  const [id = ''] = sendCalls(of.suite, organisation_id, [sent]);
  sendCalls(of.suite, organisation_id, [
    { project_id, key: 'poison', received: old, mark: 'poison', content: { tokens: { input: 'x' } } },
  ]);
  const fill = { organisation_id, project_id, idempotency_key: 'copied', first_event_id: id };
  for (const [received_at, mark] of [
    [old, 'old copy'],
    ['2026-11-20T00:00:00.000Z', 'young copy'],
  ] as const)
    sendFill(of.suite, {
      ...fill,
      content: { idempotency_key: 'copied', sku: mark, ...payloadOf(mark) },
      received_at,
    });
  const { openLedger, shards } = of.ctx();
  await runRollup({ openLedger, shards, now: Date.parse(NOW), hasTime: () => true });
  expect(await run()).toMatchObject({ deleted_copies: 2 });
  const copies = await of.rows<{ event: { generation: Record<string, unknown> } }>(
    'SELECT event FROM event_conflicts WHERE organisation_id = $1 ORDER BY received_at',
    organisation_id,
  );
  const [before, after] = copies.map(({ event }) => event.generation);
  expect(before).toMatchObject({ sku: 'old copy', tokens: { input: '1000' } });
  expect(Object.keys(before ?? {})).not.toEqual(expect.arrayContaining(['request_data']));
  expect(after).toMatchObject({ sku: 'young copy', input_summary: 'in young copy' });
  const [quarantined] = await of.rows<{ event: string }>(
    'SELECT event FROM event_quarantine WHERE organisation_id = $1',
    organisation_id,
  );
  expect(quarantined?.event).toContain('session poison');
  expect(quarantined?.event).not.toContain('in poison');
  expect(await run()).toMatchObject({ deleted_copies: 0 });
});

test('after 365 days the file and its manifest go; the rows and the figures stay, and nothing fills them again', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const [id = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', mark: 'due' }]);
  await of.suite.drain();
  await run();
  const due = '2027-06-10T10:00:00.000Z';
  await run(due);
  expect((await of.filesOf(organisation_id)).size).toBe(2);
  expect(await run('2027-06-10T10:00:00.001Z')).toMatchObject({ status: 'succeeded' });
  expect((await of.filesOf(organisation_id)).size).toBe(0);
  const [archive] = await archivesOf(organisation_id);
  expect(archive).toMatchObject({ status: 'deleted', rows: 1, input_tokens: '1000' });
  expect(archive?.deleted_at).not.toBeNull();
  expect(Object.values(await readPayload(of, organisation_id, id))).toEqual([null, null, null, null]);
  expect(await of.rows('SELECT input_tokens::int FROM ai_generations WHERE id = $1', id)).toEqual([
    { input_tokens: 1_000 },
  ]);
  sendFill(of.suite, {
    organisation_id,
    project_id,
    idempotency_key: 'k',
    first_event_id: id,
    content: { idempotency_key: 'k', input_summary: 'again', sku: 'late' },
    received_at: due,
  });
  await of.suite.drain();
  expect(await of.rows('SELECT input_summary, sku FROM ai_generations WHERE id = $1', id)).toEqual([
    { input_summary: null, sku: 'late' },
  ]);
});

describe('who archives nothing', () => {
  test('has payloads deleted in their time, and not before', async () => {
    const { organisation_id, project_id } = await addCustomer({ archive: null });
    const [id = '', second = ''] = sendCalls(of.suite, organisation_id, [
      { project_id, key: 'k', mark: 'only' },
      { project_id, key: 'l', mark: 'younger', received: '2026-06-10T10:00:00.001Z' },
    ]);
    await of.suite.drain();
    expect(await run()).toMatchObject({ archived_payloads: 0, deleted_payloads: 0 });
    expect(await run('2027-06-10T10:00:00.001Z')).toMatchObject({
      archived_payloads: 0,
      deleted_payloads: 1,
    });
    expect(Object.values((await readPayload(of, organisation_id, id)) ?? {})).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(await readPayload(of, organisation_id, second)).toEqual(payloadOf('younger'));
    expect((await of.filesOf(organisation_id)).size).toBe(0);
  });

  test('and deletes nothing either keeps all', async () => {
    const { organisation_id, project_id } = await addCustomer({ archive: null, remove: null });
    const [id = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', mark: 'kept' }]);
    await of.suite.drain();
    expect(await run('2099-01-01T00:00:00.000Z')).toMatchObject({ archived_payloads: 0 });
    expect(await readPayload(of, organisation_id, id)).toEqual(payloadOf('kept'));
  });
});

test('a payload older than both terms is deleted without a file', async () => {
  const { organisation_id, project_id } = await addCustomer();
  sendCalls(of.suite, organisation_id, [
    { project_id, key: 'k', mark: 'old', received: '2025-11-01T00:00:00.000Z' },
  ]);
  await of.suite.drain();
  expect(await run()).toMatchObject({ archived_payloads: 0, deleted_payloads: 1 });
  expect(await archivesOf(organisation_id)).toEqual([]);
});

test('files of who never deletes them stay', async () => {
  const { organisation_id, project_id } = await addCustomer({ remove: null });
  const [id = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', mark: 'for ever' }]);
  await of.suite.drain();
  await run('2099-01-01T00:00:00.000Z');
  await run('2100-01-01T00:00:00.000Z');
  expect(await readPayload(of, organisation_id, id)).toEqual(payloadOf('for ever'));
});

test('what fills a call while its file is written is in the file that counts, once', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const [id = ''] = sendCalls(of.suite, organisation_id, [
    { project_id, key: 'k', content: { input_summary: 'first' } },
  ]);
  await of.suite.drain();
  const ctx = of.ctx();
  let filled = false;
  const files = {
    ...ctx.files,
    async putIfAbsent(...file: Parameters<typeof ctx.files.putIfAbsent>) {
      if (!filled) {
        filled = true;
        const fill = { input_summary: 'never', output_summary: 'then', idempotency_key: 'k' };
        sendFill(of.suite, {
          organisation_id,
          project_id,
          idempotency_key: 'k',
          first_event_id: id,
          content: fill,
          received_at: NOW,
        });
        await of.suite.drain();
      }
      return await ctx.files.putIfAbsent(...file);
    },
  };
  expect(
    await runRetention({ ...ctx, files }, { as_of: Date.parse(NOW), hasTime: () => true }),
  ).toMatchObject({ status: 'succeeded', archives: 1, archived_payloads: 1 });
  expect(await readPayload(of, organisation_id, id)).toMatchObject({
    input_summary: 'first',
    output_summary: 'then',
  });
  expect(await archivesOf(organisation_id)).toHaveLength(1);
  expect((await of.filesOf(organisation_id)).size).toBe(2);
});
