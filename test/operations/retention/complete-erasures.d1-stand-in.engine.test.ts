/** Deletions that are not complete yet: rows left in the hot store, concurrent drains, and files. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/db/ledger.ts';
import { deleteUser } from '../../../src/operations/retention/delete-user.ts';
import { STATISTIC_FIGURES } from '../../../src/operations/retention/erasure-store.ts';
import { getGeneration } from '../../../src/reports/ai/get-generation.ts';
import { runRollup } from '../../../src/rollup/run-rollup.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { createUser } from '../../../src/tenants/create-user.ts';
import { type GenerationContent, type SentFill, sendFill } from '../../ai/generations.ts';
import { randomUUID } from '../../setup/seeded.ts';
import {
  actsOn,
  addPair,
  NOW,
  OLD,
  openRetentionSuite,
  payloadOf,
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
  of = await openRetentionSuite('erasures');
});
afterAll(() => of?.close());

const { run: retain } = actsOn(() => of);

/** A ledger that reports each statement before it is sent. */
const telling = (ledger: Ledger, tell: () => void): Ledger => ({
  ...ledger,
  transaction: (reach, work) =>
    ledger.transaction(reach, (tx) =>
      work({
        ...tx,
        query(text, values) {
          tell();
          return tx.query(text, values);
        },
        execute(text, values) {
          tell();
          return tx.execute(text, values);
        },
      }),
    ),
});

test('what is still in the hot store is erased once the drain has passed it, and what comes after is a new user', async () => {
  const { organisation_id, project_id, ann, mark } = await addPair(of);
  sendNamed(of.suite, organisation_id, [{ project_id, key: 'before', user_id: ann }]);
  await of.suite.drain();
  sendNamed(of.suite, organisation_id, [{ project_id, key: 'pending', user_id: ann }]);
  sendCalls(of.suite, organisation_id, [
    { project_id, key: 'pending call', user_id: ann, mark, received: NOW },
  ]);
  const ctx = of.ctx();
  const { pseudonym, events } = await deleteUser(ctx, { id: await rowIdOf(of, organisation_id, ann) });
  expect(events).toBe(1);
  // Not drained yet: the deletion stays open, and her id cannot be reused meanwhile.
  expect(await retain()).toMatchObject({ erased_users: 0, open_erasures: 1 });
  await expect(createUser(ctx, { organisation_id, user_id: ann })).rejects.toMatchObject({
    code: 'invalid_state',
  });
  await of.suite.drain();
  expect(await of.rows('SELECT 1 FROM users WHERE organisation_id = $1', organisation_id)).toEqual([]);
  expect(Object.keys(await tracesOf(of, mark))).toEqual(['ai_generations']);
  expect(await retain()).toMatchObject({ status: 'succeeded', erased_users: 1, open_erasures: 0 });
  expect(await tracesOf(of, mark)).toEqual({});
  expect(await tracesOf(of, ann.slice(-36))).toEqual({});
  expect(
    await of.rows(
      'SELECT user_id, count(*)::int AS n FROM counted_events WHERE organisation_id = $1 GROUP BY 1',
      organisation_id,
    ),
  ).toEqual([{ user_id: pseudonym, n: 3 }]);
  expect(await verifyBooks(ctx, { since: null })).toEqual([]);

  sendNamed(of.suite, organisation_id, [{ project_id, key: 'after', user_id: ann }]);
  await of.suite.drain();
  await retain();
  const again = await rowIdOf(of, organisation_id, ann);
  expect((await deleteUser(ctx, { id: again })).pseudonym).not.toBe(pseudonym);
  await retain();
});

test('a copy of her call that comes when her deletion has ended tells nothing of her, and makes nobody a user', async () => {
  const { organisation_id, project_id, ann, bob, mark } = await addPair(of);
  const [id = '', bobs = ''] = sendCalls(of.suite, organisation_id, [
    { project_id, key: 'hers', user_id: ann, mark },
    { project_id, key: 'his', user_id: bob, mark: 'bob' },
  ]);
  await of.suite.drain();
  await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
  expect(await retain()).toMatchObject({ erased_users: 1, open_erasures: 0 });
  const again = (fields: GenerationContent, more: Partial<SentFill> = {}): void =>
    sendFill(of.suite, {
      ...{
        organisation_id,
        project_id,
        idempotency_key: 'hers',
        first_event_id: id,
        received_at: NOW,
        ...more,
      },
      content: { ...personalOf(mark), ...fields },
    });
  again({ user_id: ann, duration_ms: 5 });
  again({ user_id: ann, sku: 'kept' }, { kind: 'conflict' });
  again({ sku: 'other' }, { kind: 'conflict' });
  again({ user_id: bob, ...personalOf('his own') }, { idempotency_key: 'his', first_event_id: bobs });
  // The same key again, after the hot store has forgotten it.
  of.suite.sqlite.exec("DELETE FROM usage_events WHERE idempotency_key = 'hers'");
  sendCalls(of.suite, organisation_id, [{ project_id, key: 'hers', user_id: ann, mark, received: NOW }]);
  await of.suite.drain();
  expect(await tracesOf(of, mark)).toEqual({});
  expect(await tracesOf(of, ann.slice(-36))).toEqual({});
  const users = await of.rows('SELECT user_id FROM users WHERE organisation_id = $1', organisation_id);
  expect(users).toEqual([{ user_id: bob }]);
  const [call] = await of.rows('SELECT duration_ms, sku FROM ai_generations WHERE id = $1', id);
  expect(call).toEqual({ duration_ms: '5', sku: null });
  const listed = await of.rows<{ event: { generation: { sku?: string } } }>(
    'SELECT event FROM event_conflicts WHERE organisation_id = $1',
    organisation_id,
  );
  expect(listed.flatMap(({ event }) => event.generation.sku ?? []).sort()).toEqual(['kept', 'other']);
  expect(Object.keys(await tracesOf(of, 'his own'))).toEqual(['event_conflicts']);
  expect(await verifyBooks(of.ctx(), { since: null })).toEqual([]);
});

test('what came in conflict with her call and names nobody goes with her; what names another user is his', async () => {
  const { organisation_id, project_id, ann, bob, mark } = await addPair(of);
  const [id = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', user_id: ann, mark }]);
  const other = { organisation_id, project_id, idempotency_key: 'k', first_event_id: id, received_at: NOW };
  sendFill(of.suite, { ...other, kind: 'conflict', content: personalOf(`${mark} nobody`) });
  sendFill(of.suite, { ...other, kind: 'conflict', content: { ...personalOf('his text'), user_id: bob } });
  await of.suite.drain();
  await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
  await retain();
  expect(await tracesOf(of, mark)).toEqual({});
  expect(Object.keys(await tracesOf(of, 'his text'))).toEqual(['event_conflicts']);
});

test('an archived payload is not read any more from the moment of the deletion', async () => {
  const { organisation_id, project_id, ann, mark } = await addPair(of);
  const [id = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', user_id: ann, mark }]);
  await of.suite.drain();
  await retain();
  expect(await readPayload(of, organisation_id, id)).toEqual(payloadOf(mark));
  await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
  const call = await getGeneration(of.ctx(), { organisation_id, id });
  expect(JSON.stringify(call)).not.toContain(mark);
  expect(call).toMatchObject({ archive_id: null, request_data: null });
  await retain();
  expect(await of.filesOf(organisation_id)).toEqual(new Map());
});

test('a shard that is halted keeps a deletion open; after its resync it ends', async () => {
  const { organisation_id, project_id, ann } = await addPair(of);
  sendNamed(of.suite, organisation_id, [{ project_id, key: 'k', user_id: ann }]);
  await of.suite.drain();
  await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
  await of.rows(`UPDATE rollup_cursors SET halted_at = now() WHERE shard = 0`);
  expect(await retain()).toMatchObject({ erased_users: 0, open_erasures: 1 });
  await of.rows(
    `UPDATE rollup_cursors SET halted_at = NULL, epoch = epoch + 1, last_seq = 0, last_id = '' WHERE shard = 0`,
  );
  expect(await retain()).toMatchObject({ erased_users: 0, open_erasures: 1 });
  await of.suite.drain();
  expect(await retain()).toMatchObject({ erased_users: 1, open_erasures: 0 });
  expect(await tracesOf(of, ann.slice(-36))).toEqual({});
});

test('of two deletions at once one is done, and the other finds nobody', async () => {
  const { organisation_id, project_id, ann } = await addPair(of);
  sendNamed(of.suite, organisation_id, [{ project_id, key: 'k', user_id: ann }]);
  await of.suite.drain();
  const id = await rowIdOf(of, organisation_id, ann);
  const outcomes = await Promise.allSettled([deleteUser(of.apart(), { id }), deleteUser(of.apart(), { id })]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [refused] = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused?.reason).toMatchObject({ code: 'not_found' });
  await expect(deleteUser(of.ctx(), { id })).rejects.toMatchObject({ code: 'not_found' });
  await expect(deleteUser(of.ctx(), { id: randomUUID() })).rejects.toMatchObject({ code: 'not_found' });
  await expect(deleteUser(of.ctx(), { id: organisation_id })).rejects.toMatchObject({ code: 'not_found' });
  const audited = await of.rows(
    `SELECT 1 FROM audit_logs WHERE action = 'user.delete' AND entity_id = $1`,
    id,
  );
  expect(audited).toHaveLength(1);
  const erasures = await of.rows('SELECT 1 FROM user_erasures WHERE organisation_id = $1', organisation_id);
  expect(erasures).toHaveLength(1);
  await retain();
});

test('against a drain at work a deletion loses no figure and leaves no trace', async () => {
  const pairs: Awaited<ReturnType<typeof addPair>>[] = [];
  for (let i = 0; i < 6; i++) pairs.push(await addPair(of));
  for (const { organisation_id, project_id, ann } of pairs)
    sendNamed(of.suite, organisation_id, [{ project_id, key: 'first', user_id: ann }]);
  await of.suite.drain();
  for (const { organisation_id, project_id, ann, mark } of pairs) {
    const calls = Array.from({ length: 400 }, (_, i) => ({ project_id, key: `k${i}`, user_id: ann, mark }));
    sendCalls(
      of.suite,
      organisation_id,
      calls.map((call) => ({ ...call, content: { cost_usd: '0.01' } })),
    );
  }
  const ids: string[] = [];
  for (const { organisation_id, ann } of pairs) ids.push(await rowIdOf(of, organisation_id, ann));
  // Each deletion begins beside another statement of the drain.
  const starts = ids.map(() => Promise.withResolvers<void>());
  let statements = 0;
  const { shards, openLedger, now } = of.ctx();
  const drained = runRollup({
    shards,
    openLedger: () => telling(openLedger(), () => starts[Math.floor(statements++ / 2)]?.resolve()),
    now,
    hasTime: () => true,
  });
  const deletions = ids.map(async (id, index) => {
    await starts[index]?.promise;
    return await deleteUser(of.apart(), { id });
  });
  expect(await drained).toMatchObject({ status: 'succeeded', n_quarantined: 0 });
  expect(statements).toBeGreaterThan(2 * ids.length);
  await Promise.all(deletions);
  expect(await verifyBooks(of.ctx(), { since: null })).toEqual([]);
  expect(await retain()).toMatchObject({ status: 'succeeded', open_erasures: 0, erased_users: 6 });
  expect(await verifyBooks(of.ctx(), { since: null })).toEqual([]);
  for (const { organisation_id, ann, mark } of pairs) {
    expect(await tracesOf(of, mark)).toEqual({});
    expect(await tracesOf(of, ann.slice(-36))).toEqual({});
    expect([...(await of.filesOf(organisation_id)).values()].join()).not.toContain(mark);
    const [sum] = await of.rows(
      `SELECT count(DISTINCT user_id)::int AS users, sum(total_requests)::int AS n, trim_scale(sum(cost_usd))::text AS cost
         FROM ai_statistics_daily WHERE organisation_id = $1`,
      organisation_id,
    );
    expect(sum).toEqual({ users: 1, n: 400, cost: '4' });
  }
});

describe('statistics that move', () => {
  test('hold every column of their table', async () => {
    const rows = await of.rows<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'ai_statistics_daily'::regclass AND attnum > 0
       AND NOT attisdropped`,
    );
    const key = ['organisation_id', 'day', 'user_id', 'generation_type', 'provider', 'model', 'updated_at'];
    expect([...STATISTIC_FIGURES, ...key].sort()).toEqual(rows.map(({ name }) => name).sort());
  });

  test('add up with what stands under the pseudonym, in every column', async () => {
    const { organisation_id, project_id, ann } = await addPair(of);
    const call = { project_id, user_id: ann, received: OLD };
    const content = {
      cost_usd: '0.1',
      duration_ms: 7,
      tokens: {
        input: '1',
        output: '2',
        cache_read: '3',
        cache_write_5m: '4',
        cache_write_1h: '5',
        reasoning: '6',
      },
    };
    sendCalls(of.suite, organisation_id, [{ ...call, key: '1', content }]);
    await of.suite.drain();
    const statistics = () =>
      of.rows('SELECT * FROM ai_statistics_daily WHERE organisation_id = $1', organisation_id);
    const [alone] = await statistics();
    sendCalls(of.suite, organisation_id, [{ ...call, key: '2', content }]);
    const { pseudonym } = await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
    await of.suite.drain();
    expect(await statistics()).toHaveLength(2);
    expect(await retain()).toMatchObject({ erased_users: 1 });
    const [both, ...none] = await statistics();
    expect(none).toEqual([]);
    expect(both).toMatchObject({
      user_id: pseudonym,
      total_requests: '2',
      cost_usd: '0.2',
      cache_write_1h_tokens: '10',
    });
    for (const name of STATISTIC_FIGURES) {
      const [one, two] = [alone?.[name], both?.[name]].map((text) => Number(text));
      expect([name, two]).toEqual([name, 2 * (one ?? Number.NaN)]);
    }
    expect(await verifyBooks(of.ctx(), { since: null })).toEqual([]);
  });
});

test('a user all of whose file was his leaves no file behind', async () => {
  const { organisation_id, project_id, ann, mark } = await addPair(of);
  sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', user_id: ann, mark }]);
  await of.suite.drain();
  await retain();
  expect((await of.filesOf(organisation_id)).size).toBe(2);
  await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
  expect(await retain()).toMatchObject({ status: 'succeeded', erased_users: 1 });
  expect((await of.filesOf(organisation_id)).size).toBe(0);
});

test('a file that is not what was written keeps the deletion open, is named, and blocks nobody else', async () => {
  const [broken, whole] = [await addPair(of), await addPair(of)];
  for (const { organisation_id, project_id, ann, bob, mark } of [broken, whole]) {
    sendCalls(of.suite, organisation_id, [
      { project_id, key: 'a', user_id: ann, mark },
      { project_id, key: 'b', user_id: bob, content: payloadOf('bob') },
    ]);
  }
  await of.suite.drain();
  await retain();
  const [archive] = await of.rows<{ id: string; file_key: string }>(
    'SELECT id, file_key FROM ai_payload_archives WHERE organisation_id = $1',
    broken.organisation_id,
  );
  const key = archive?.file_key ?? '';
  const file = await of.files.get(key);
  await of.files.delete([key]);
  for (const { organisation_id, ann } of [broken, whole])
    await deleteUser(of.ctx(), { id: await rowIdOf(of, organisation_id, ann) });
  expect(await retain()).toMatchObject({
    status: 'failed',
    unreadable_archives: [archive?.id],
    erased_users: 1,
    open_erasures: 1,
  });
  expect([...(await of.filesOf(whole.organisation_id)).values()].join()).not.toContain(whole.mark);
  if (file) await of.files.putIfAbsent(key, file);
  expect(await retain()).toMatchObject({ status: 'succeeded', erased_users: 1, open_erasures: 0 });
  expect([...(await of.filesOf(broken.organisation_id)).values()].join()).not.toContain(broken.mark);
});
