/**
 * Every write to ledger or bucket during archiving, clearing, deleting a user and rewriting a file fails once
 * before its effect, and each commit and file write also once after it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '../../../src/db/ctx.ts';
import { archiveHorizon, archivePayloads } from '../../../src/operations/retention/archive-payloads.ts';
import { clearArchives } from '../../../src/operations/retention/clear-archives.ts';
import { completeErasures, type ErasureCounts } from '../../../src/operations/retention/complete-erasures.ts';
import { deleteUser } from '../../../src/operations/retention/delete-user.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { type Fault, faultsOf, isDone, runDry, runStruck } from '../../faults/sweep/swept-ledger.ts';
import {
  addPair,
  NOW,
  openRetentionSuite,
  payloadOf,
  type RetentionSuite,
  readPayload,
  rowIdOf,
  sendCalls,
} from './payloads.ts';

let of: RetentionSuite;

const BEFORE = archiveHorizon(Date.parse(NOW), 90);
const always = (): boolean => true;

/** Two users with a call each. */
async function addCustomers(n: number) {
  const customers: (Awaited<ReturnType<typeof addPair>> & { readonly calls: string[] })[] = [];
  for (let i = 0; i < n; i++) {
    const pair = await addPair(of);
    const { organisation_id, project_id, ann, bob, mark } = pair;
    const calls = sendCalls(of.suite, organisation_id, [
      { project_id, key: 'ann', user_id: ann, mark, content: { cost_usd: '1.5' } },
      { project_id, key: 'bob', user_id: bob, mark: 'bob', content: { cost_usd: '0.25' } },
    ]);
    customers.push({ ...pair, calls });
  }
  await of.suite.drain();
  return customers;
}
type Customer = Awaited<ReturnType<typeof addCustomers>>[number];

const archive =
  ({ organisation_id }: Customer) =>
  (ctx: Ctx) =>
    archivePayloads(ctx, { organisation_id, shard: 0, archive_days: 90, delete_days: 365 }, BEFORE);

const archivesOf = ({ organisation_id }: Customer) =>
  of.rows<{ status: string; rows: number; id: string }>(
    'SELECT id, status, rows FROM ai_payload_archives WHERE organisation_id = $1 ORDER BY created_at',
    organisation_id,
  );

/** Ages what a dead run left by a quarter of an hour. */
const letPass = () =>
  of.rows(
    `UPDATE ai_payload_archives SET created_at = created_at - interval '16 minutes' WHERE status = 'writing'`,
  );

async function expectPayloads(customer: Customer, told: string): Promise<void> {
  const [ann = '', bob = ''] = customer.calls;
  expect(await readPayload(of, customer.organisation_id, ann), told).toEqual(payloadOf(customer.mark));
  expect(await readPayload(of, customer.organisation_id, bob), told).toEqual(payloadOf('bob'));
}

// A statement that fails rolls back its whole transaction, whether it had its effect or not. So does a read,
// and both leave the same state as the write before or after them.
const isTelling = (call: string, moment: Fault['moment']): boolean =>
  /^(COMMIT|files\.)/.test(call) || (moment === 'before' && /^(INSERT|UPDATE|DELETE|WITH)/.test(call));

const noCounts = (): ErasureCounts => ({
  erased_users: 0,
  open_erasures: 0,
  rewritten_archives: 0,
  unreadable_archives: [],
});

type Sweep<T> = readonly [
  prepare: (customer: Customer) => Promise<unknown>,
  verb: (customer: Customer) => (ctx: Ctx) => Promise<T>,
  check: (ctx: Ctx, customer: Customer, outcome: { isDone: boolean; told: string }) => Promise<void>,
];

/** One customer for each fault of a verb; a dry run for the first customer lists the calls. */
async function sweepEach<T>(every: number, ...[prepare, verb, check]: Sweep<T>): Promise<string[]> {
  const ctx = of.ctx();
  const [first] = await addCustomers(1);
  if (!first) throw new Error('no customer');
  await prepare(first);
  const { calls } = await runDry(ctx, verb(first));
  const faults = faultsOf(calls)
    .filter(({ at, moment }) => isTelling(calls[at] ?? '', moment))
    .filter((_, index, telling) => index % every === 0 || index === telling.length - 1);
  const customers = await addCustomers(faults.length);
  for (const [index, fault] of faults.entries()) {
    const customer = customers[index];
    if (!customer) throw new Error('a customer for each fault');
    await prepare(customer);
    await runStruck(ctx, fault, verb(customer));
    await check(ctx, customer, {
      isDone: isDone(calls, fault),
      told: `${fault.moment} ${fault.at} ${calls[fault.at]}`,
    });
  }
  expect(await verifyBooks(ctx, { since: null })).toEqual([]);
  return calls;
}

/** The tests of a suite, with every n-th fault and the last one. */
export function describeSweep(every: number): void {
  describe(every === 1 ? 'each fault' : `one fault in ${every}`, () => {
    beforeAll(async () => {
      of = await openRetentionSuite('retention_sweep');
    });
    afterAll(() => of?.close());

    const sweep = <T>(...sweeping: Sweep<T>): Promise<string[]> => sweepEach(every, ...sweeping);

    test('an archive that fails at any call loses no payload, and is made once in the end', async () => {
      const calls = await sweep(
        async () => undefined,
        archive,
        async (ctx, customer, { isDone, told }) => {
          await expectPayloads(customer, told);
          expect(await archive(customer)(ctx), told).toBe(isDone ? 0 : 2);
          await letPass();
          await clearArchives(ctx, always);
          await expectPayloads(customer, told);
          const archives = await archivesOf(customer);
          expect(archives, told).toMatchObject([{ status: 'kept', rows: 2 }]);
          expect([...(await of.filesOf(customer.organisation_id)).keys()], told).toHaveLength(2);
          expect(await archive(customer)(ctx), told).toBe(0);
        },
      );
      const files = calls.filter((call) => call.startsWith('files.'));
      expect(files).toEqual(['files.putIfAbsent', 'files.putIfAbsent', 'files.get', 'files.get']);
      // Payloads are removed only after everything was read back.
      const dropped = calls.findIndex((call) => call.startsWith('UPDATE ai_generations'));
      expect(dropped).toBeGreaterThan(calls.lastIndexOf('files.get'));
    });

    test('a file whose removal fails at any call is removed in the end, and never said to be gone before it is', async () => {
      await sweep(
        async (customer) => {
          await archive(customer)(of.ctx());
          await of.rows(
            `UPDATE ai_payload_archives SET status = 'deleting' WHERE organisation_id = $1`,
            customer.organisation_id,
          );
        },
        () => (ctx) => clearArchives(ctx, always),
        async (ctx, customer, { told }) => {
          const [left] = await archivesOf(customer);
          const files = await of.filesOf(customer.organisation_id);
          expect(left?.status === 'deleted' && files.size > 0, told).toBe(false);
          await clearArchives(ctx, always);
          expect(await archivesOf(customer), told).toMatchObject([{ status: 'deleted', rows: 2 }]);
          expect((await of.filesOf(customer.organisation_id)).size, told).toBe(0);
        },
      );
    });

    test('a deletion that fails at any call is done whole or not at all', async () => {
      const remove =
        ({ organisation_id, ann }: Customer) =>
        async (ctx: Ctx) => {
          // Looked up outside the sweep: the client already has the id.
          const id = await rowIdOf(of, organisation_id, ann);
          return await deleteUser(ctx, { id });
        };
      await sweep(
        async () => undefined,
        remove,
        async (ctx, customer, { isDone, told }) => {
          const { organisation_id, ann, mark } = customer;
          const [left] = await of.rows(
            `SELECT (SELECT count(*)::int FROM users WHERE organisation_id = $1) AS users,
             (SELECT count(*)::int FROM user_erasures WHERE organisation_id = $1) AS erasures,
             (SELECT count(*)::int FROM counted_events WHERE organisation_id = $1 AND user_id = $2) AS events,
             (SELECT count(*)::int FROM ai_statistics_daily WHERE organisation_id = $1 AND user_id = $2) AS days,
             (SELECT count(*)::int FROM ai_generations WHERE organisation_id = $1 AND strpos(input_summary, $3) > 0) AS calls,
             (SELECT count(*)::int FROM audit_logs WHERE organisation_id = $1 AND action = 'user.delete') AS audited`,
            organisation_id,
            ann,
            mark,
          );
          expect(left, told).toEqual(
            isDone
              ? { users: 1, erasures: 1, events: 0, days: 0, calls: 0, audited: 1 }
              : { users: 2, erasures: 0, events: 1, days: 1, calls: 1, audited: 0 },
          );
          if (!isDone) expect(await remove(customer)(ctx), told).toMatchObject({ events: 1, generations: 1 });
        },
      );
      await completeErasures(of.ctx(), always, noCounts());
    });

    test('an erasure that fails at any call, on its way through the files too, ends without a line of the user, and no other line is lost', async () => {
      const complete = (ctx: Ctx) => completeErasures(ctx, always, noCounts());
      const calls = await sweep(
        async (customer) => {
          await archive(customer)(of.ctx());
          await deleteUser(of.ctx(), { id: await rowIdOf(of, customer.organisation_id, customer.ann) });
        },
        () => complete,
        async (ctx, customer, { told }) => {
          const { organisation_id, mark, calls } = customer;
          const [, bob = ''] = calls;
          const expectBob = async () =>
            expect(await readPayload(of, organisation_id, bob), told).toEqual(payloadOf('bob'));
          const openOf = () =>
            of.rows(
              'SELECT 1 FROM user_erasures WHERE organisation_id = $1 AND user_id IS NOT NULL',
              organisation_id,
            );
          const files = async () => [...(await of.filesOf(organisation_id)).values()].join();
          await expectBob();
          // The user's id is kept while a file still holds a line of hers.
          if ((await openOf()).length === 0) expect(await files(), told).not.toContain(mark);
          await letPass();
          await clearArchives(ctx, always);
          await complete(ctx);
          await expectBob();
          expect(await openOf(), told).toEqual([]);
          expect(await files(), told).not.toContain(mark);
          expect((await of.filesOf(organisation_id)).size, told).toBe(2);
          const kept = (await archivesOf(customer)).filter(({ status }) => status !== 'deleted');
          expect(kept, told).toMatchObject([{ status: 'kept', rows: 1 }]);
        },
      );
      expect(calls.filter((call) => call.startsWith('files.'))).toEqual([
        'files.get',
        'files.putIfAbsent',
        'files.putIfAbsent',
        'files.get',
        'files.get',
        'files.delete',
      ]);
    });
  });
}
