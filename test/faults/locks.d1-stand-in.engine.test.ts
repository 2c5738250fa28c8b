/** The guards of a transaction, on real Postgres: what they protect holds with them and breaks without them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hotDatabase } from '../../src/db/hot.ts';
import type * as ledgerModule from '../../src/db/ledger.ts';
import { createInvoice } from '../../src/invoicing/create-invoice.ts';
import type { Invoice } from '../../src/invoicing/invoice.ts';
import type * as finalizeModule from '../../src/invoicing/issuing/finalize-invoice.ts';
import { drainHotEvents } from '../../src/rollup/drain-hot-events.ts';
import { hotReader } from '../../src/rollup/hot-store.ts';
import type { RollupLedger } from '../../src/rollup/ports.ts';
import { rollupLedger } from '../../src/rollup/store.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';
import { importModule } from './mutated-module.ts';

const NOW = '2026-11-20T12:00:00Z';
let suite: Suite;

beforeAll(async () => {
  suite = await openSuite('locks');
});
afterAll(() => suite.close());

/** Starts a drain that adds to a period and pauses just before its commit, until `goOn` is called. */
async function startPausedDrain() {
  const { shards, openLedger, now } = suite.ctx(NOW);
  const ledger = openLedger();
  let reached = (): void => undefined;
  let goOn = (): void => undefined;
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const inner = rollupLedger(ledger);
  const paused: RollupLedger = {
    ...inner,
    transaction: (work) =>
      inner.transaction(async (tx) => {
        const result = await work(tx);
        reached();
        await gate;
        return result;
      }),
  };
  const hot = hotReader(hotDatabase(shards, 0));
  const drained = drainHotEvents({ hot, ledger: paused }, { shard: 0, stream: 'events', limit: 100, now });
  await isReached;
  return { goOn, drained };
}

const isLockAwaited = async (): Promise<boolean> => {
  const { rows } = await suite.owner.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows.length > 0;
};

/** The quantity billed for September, and the quantity in the books once everything has settled. */
async function finalizeDuringDrain(
  mutant: string | null,
): Promise<{ billed: string; booked: string; waited: boolean }> {
  const { finalizeDraft } = await importModule<typeof finalizeModule>(
    'src/invoicing/issuing/finalize-invoice.ts',
    mutant,
  );
  const { organisation_id, projects } = await suite.addOrganisation();
  const [project_id = ''] = projects;
  const send = (metric_value: string): void =>
    suite.sendEvents(organisation_id, [{ project_id, metric_value, timestamp: '2026-09-10T00:00:00Z' }]);
  await suite.addPlan({ organisation_id, metric_name: 'tokens.input', price_per_unit: '0.01' });
  send('100');
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const draft = await createInvoice(ctx, { organisation_id, year: 2026, month: 9 });
  send('900');
  const drain = await startPausedDrain();
  let [isIssued, isSettled] = [false, false];
  const finalizing: Promise<Invoice> = finalizeDraft(ctx, {
    organisation_id,
    id: draft.id,
    now: ctx.now,
    assertDrained: async () => ({ seq: 0, epoch: 1 }),
  }).then((invoice) => {
    isIssued = true;
    return invoice;
  });
  const settle = (): void => {
    isSettled = true;
  };
  finalizing.then(settle, settle);
  while (!isSettled && !(await isLockAwaited()));
  const waited = !isIssued;
  drain.goOn();
  await drain.drained;
  const invoice = await finalizing;
  const { rows } = await suite.owner.query(
    'SELECT trim_scale(sum(total_value))::text AS booked FROM usage_aggregates WHERE organisation_id = $1',
    [organisation_id],
  );
  return { billed: invoice.line_items[0]?.quantity ?? '', booked: rows[0].booked, waited };
}

describe('the finalize lock: a drain that is adding to the period is waited for, and what it adds is billed', () => {
  const good = { billed: '1000', booked: '1000', waited: true };
  test('on the real source', async () => {
    expect(await finalizeDuringDrain(null)).toEqual(good);
  });
  test('and breaks without it', async () => {
    const broken = finalizeDuringDrain('ledger: the period is read without its lock');
    expect(await broken.catch((error: unknown) => error)).not.toEqual(good);
  });
});

describe('the commit-tag check: a transaction that failed silently is not taken for committed', () => {
  async function commitFailed(mutant: string | null): Promise<'taken for committed' | 'refused'> {
    const { runTransaction } = await importModule<typeof ledgerModule>('src/db/ledger.ts', mutant);
    const work = async (): Promise<void> => {
      await suite.owner.query('SELECT 1 / 0').catch(() => undefined);
    };
    return await runTransaction({ query: async (text) => suite.owner.query(text) }, 'BEGIN', work).then(
      () => 'taken for committed',
      () => 'refused',
    );
  }
  test('on the real source', async () => {
    expect(await commitFailed(null)).toBe('refused');
  });
  test('and breaks without it', async () => {
    expect(await commitFailed('commit tag: ROLLBACK is taken for COMMIT')).toBe('taken for committed');
  });
});
