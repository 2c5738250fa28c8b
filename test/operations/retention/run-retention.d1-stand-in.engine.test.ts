/** The job with a faulty bucket, concurrently with itself, and cut off by its time limit. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRetention } from '../../../src/operations/retention/run-retention.ts';
import {
  actsOn,
  NOW,
  openRetentionSuite,
  payloadOf,
  type RetentionSuite,
  readPayload,
  sendCalls,
} from './payloads.ts';

let of: RetentionSuite;
beforeAll(async () => {
  of = await openRetentionSuite('retention');
}, 60_000);
afterAll(() => of?.close());

const { run, archivesOf, addCustomer } = actsOn(() => of);

test('a bucket that gives back other bytes than it was given costs no payload', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const [id = ''] = sendCalls(of.suite, organisation_id, [{ project_id, key: 'k', mark: 'precious' }]);
  await of.suite.drain();
  const ctx = of.ctx();
  for (const broken of [
    async () => null,
    async (key: string) => {
      const file = await ctx.files.get(key);
      return file && { ...file, bytes: file.bytes.slice(1) };
    },
    async (key: string) => {
      const file = await ctx.files.get(key);
      return file && { ...file, bytes: file.bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte)) };
    },
    async (key: string) => (key.endsWith('.json') ? null : await ctx.files.get(key)),
  ]) {
    const files = { ...ctx.files, get: broken };
    const broke = runRetention({ ...ctx, files }, { as_of: Date.parse(NOW), hasTime: () => true });
    await expect(broke).rejects.toThrow('payloads/');
    expect(await readPayload(of, organisation_id, id)).toEqual(payloadOf('precious'));
  }
  expect((await archivesOf(organisation_id)).map(({ status }) => status)).toEqual(Array(4).fill('writing'));
  expect(await run()).toMatchObject({ archived_payloads: 1 });
  expect(await readPayload(of, organisation_id, id)).toEqual(payloadOf('precious'));
  // The remains of the broken runs are removed once no run can be using them any more.
  await of.rows(`UPDATE ai_payload_archives SET created_at = created_at - interval '16 minutes'`);
  await run();
  expect((await archivesOf(organisation_id)).map(({ status }) => status)).toEqual(['kept']);
  expect((await of.filesOf(organisation_id)).size).toBe(2);
});

test('runs that overlap archive each payload once', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const ids = sendCalls(
    of.suite,
    organisation_id,
    Array.from({ length: 1_500 }, (_, i) => ({
      project_id,
      key: `k${i}`,
      content: { input_summary: `in ${i}` },
    })),
  );
  await of.suite.drain();
  const results = await Promise.all(
    [of.apart(), of.apart(), of.apart()].map((ctx) =>
      runRetention(ctx, { as_of: Date.parse(NOW), hasTime: () => true }),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  await run();
  expect(results.reduce((sum, each) => sum + each.archived_payloads, 0)).toBe(1_500);
  const archives = await archivesOf(organisation_id);
  expect(archives.reduce((sum, { rows }) => sum + (rows as number), 0)).toBe(1_500);
  const files = await of.filesOf(organisation_id);
  expect(files.size).toBe(2 * archives.length);
  const inFiles = [...files].flatMap(([key, text]) =>
    key.endsWith('.gz')
      ? text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).id as string)
      : [],
  );
  expect(inFiles.sort()).toEqual([...ids].sort());
});

test('without time a run is partial, and the next one goes on', async () => {
  const { organisation_id, project_id } = await addCustomer();
  const days = ['01', '02', '03'];
  sendCalls(
    of.suite,
    organisation_id,
    days.map((day) => ({ project_id, key: day, mark: day, received: `2026-06-${day}T00:00:00.000Z` })),
  );
  await of.suite.drain();
  let asked = 0;
  expect(await run(NOW, () => ++asked < 4)).toMatchObject({ status: 'partial' });
  const some = (await archivesOf(organisation_id)).length;
  expect(some).toBeLessThan(3);
  expect(await run()).toMatchObject({ status: 'succeeded', archives: 3 - some });
});

test('the partitions of next month are there ahead, also where no shard is drained', async () => {
  const partitions = async () =>
    (
      await of.rows<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r'`,
      )
    ).map(({ name }) => name);
  expect(await partitions()).not.toContain('usage_events_2031_02');
  await runRetention(
    { ...of.ctx('2031-01-05T00:00:00Z'), shards: new Map() },
    {
      as_of: Date.parse('2031-01-05T00:00:00Z'),
      hasTime: () => true,
    },
  );
  const made = await partitions();
  for (const table of ['usage_events', 'ai_generations'])
    for (const month of ['2031_01', '2031_02']) expect(made).toContain(`${table}_${month}`);
});
